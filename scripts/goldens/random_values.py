"""Random cases of losses, metrics, optimizers, schedules and initializers in the schema of tests/goldens: other options, shapes and values each time.

    python scripts/goldens/random_values.py OUT [SEED] [losses metrics optimizers schedules initializers]
    TANUKI_GOLDENS=OUT npm run test:goldens

Needs the packages named in tests/goldens/README.md. Nothing it writes is committed.
"""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "tests", "goldens", "make"))
from common import *  # noqa: E402,F403
import draw  # noqa: E402
import keras  # noqa: E402
import initializers as make_initializers  # noqa: E402
import losses as make_losses  # noqa: E402
import metrics as make_metrics  # noqa: E402
import optimizers as make_optimizers  # noqa: E402


class Draw(draw.Draw):
    """Choices for losses, metrics and what optimizers take."""

    def real(self, low, high):
        return round(float(self.rng.uniform(low, high)), 4)

    def some(self, **options):
        """Each option with one of its values, or left out."""
        return {k: self.one(v) for k, v in options.items() if self.chance(0.5)}

    def bits(self, *shape):
        return self.rng.integers(0, 2, shape).astype(self.one((np.float32, np.int32, np.int64)))

    def uniform(self, *shape):
        return self.rng.uniform(0, 1, shape).astype(np.float32)

    def simplex(self, *shape, axis=-1):
        e = np.exp(self.rng.standard_normal(shape) * 2)
        return (e / e.sum(axis, keepdims=True)).astype(np.float32)

    def onehot(self, classes, *shape):
        return np.eye(classes, dtype=np.float32)[self.rng.integers(0, classes, shape)]

    def weights_like(self, shape):
        """Sample weights of every rank that broadcasts against values of `shape`, of several types, with zeros."""
        found = {}
        for rank in range(len(shape) + 1):
            dims = [s if self.chance(0.8) else 1 for s in shape[:rank]]
            if 1 < rank < len(shape):
                dims += [1] * (len(shape) - rank)
            w = np.abs(self.normal(*dims))
            if self.chance(0.3):
                w = np.asarray(w * (self.rng.random(dims) < 0.5), np.float32)
            if self.chance(0.2):
                w = np.asarray(np.round(w), np.int32)
            found[f"rank{rank}"] = w
        return found


def attempt(what, name, run):
    """What Keras itself refuses is left out and said."""
    try:
        run()
    except Exception as error:
        print(f"left out {what} {name}: {type(error).__name__} {str(error).splitlines()[0][:150]}")


def loss_cases(seed):
    for i in range(120):
        d = Draw("values", seed, "loss", i)
        batch, classes = d.whole(1, 7), d.whole(2, 6)
        middle = [d.whole(1, 4) for _ in range(d.one((0, 0, 1, 2)))]
        shape = [batch, *middle]
        kind = d.one(("binary", "binary", "categorical", "sparse", "regression", "regression", "similarity", "segmentation"))
        if kind == "binary":
            cls = d.one(("BinaryCrossentropy", "BinaryFocalCrossentropy"))
            last = d.one((1, 1, classes))
            logits = d.chance(0.5)
            kw = dict(from_logits=logits, **d.some(label_smoothing=(0.1, 0.25, 0.0)))
            if cls == "BinaryFocalCrossentropy":
                kw.update(d.some(apply_class_balancing=(True,), alpha=(0.1, 0.8), gamma=(0.0, 1.0, 3.5)))
            y, p = d.bits(*shape, last), d.normal(*shape, last, scale=3) if logits else d.uniform(*shape, last)
            if last == 1 and d.chance(0.3):
                y = y[..., 0]
        elif kind in ("categorical", "sparse"):
            logits = d.chance(0.5)
            p = d.normal(*shape, classes, scale=3) if logits else d.simplex(*shape, classes)
            kw = dict(from_logits=logits)
            if kind == "sparse":
                cls = "SparseCategoricalCrossentropy"
                y = d.rng.integers(0, classes, shape).astype(d.one((np.int32, np.int64, np.uint8, np.float32)))
                if d.chance(0.3):
                    kw["ignore_class"] = d.one((0, classes - 1))
                if d.chance(0.3):
                    y = y[..., None]
            else:
                cls = d.one(("CategoricalCrossentropy", "CategoricalFocalCrossentropy"))
                kw.update(d.some(label_smoothing=(0.1, 0.3)))
                if cls == "CategoricalFocalCrossentropy":
                    kw.update(d.some(alpha=(0.1, 1.0), gamma=(0.0, 1.5, 4.0)))
                y = d.onehot(classes, *shape)
                if d.chance(0.3) and middle:
                    kw["axis"] = 1
                    y, p = np.moveaxis(y, -1, 1), np.moveaxis(p, -1, 1)
        elif kind == "regression":
            last = d.whole(1, 4)
            cls = d.one(("MeanSquaredError", "MeanAbsoluteError", "MeanAbsolutePercentageError", "MeanSquaredLogarithmicError", "Huber", "LogCosh", "Poisson", "KLDivergence",
                         "Hinge", "SquaredHinge", "CategoricalHinge"))
            kw = dict(delta=d.one((0.3, 2.0))) if cls == "Huber" else {}
            y, p = d.normal(*shape, last), d.normal(*shape, last, scale=1.5)
            if cls in ("MeanSquaredLogarithmicError", "Poisson", "KLDivergence"):
                y, p = np.abs(y) + np.float32(0.1), np.abs(p) + np.float32(0.1)
            if "Hinge" in cls:
                y = d.bits(*shape, last) if cls != "CategoricalHinge" else d.onehot(max(2, last), *shape)
                p = d.normal(*y.shape, scale=1.5)
                if cls != "CategoricalHinge" and d.chance(0.3):
                    y = (y * 2 - 1).astype(np.float32)
            if cls not in ("CategoricalHinge",) and last == 1 and d.chance(0.5):
                y = y[..., 0]
            elif d.chance(0.2) and cls in ("MeanSquaredError", "Huber"):
                y = np.round(y * 3).astype(np.int32)
        elif kind == "similarity":
            cls, last = "CosineSimilarity", d.whole(1, 4)
            y, p = d.normal(*shape, last), d.normal(*shape, last)
            kw = dict(axis=d.one((-1, len(shape), 0, 1)))
        else:
            cls = d.one(("Dice", "Tversky"))
            y, p = d.bits(batch, 3, 4, classes).astype(np.float32), d.uniform(batch, 3, 4, classes)
            kw = dict(**d.some(axis=((1, 2), (1, 2, 3), None)))
            if cls == "Tversky":
                kw.update(d.some(alpha=(0.3, 1.0), beta=(0.7, 0.0)))
        value = getattr(keras.losses, cls)(reduction="none", **kw)
        weights = {}
        try:
            for rank, w in d.weights_like(np.shape(to_np(value(y, p)))).items():
                attempt("weight", f"{w.shape}", lambda: weights.update({rank: w}) if value(y, p, sample_weight=w) is not None else None)
        except Exception:
            pass
        yield f"loss_{i}_{cls}", cls, kw, y, p, weights


def metric_cases(seed):
    for i in range(140):
        d = Draw("values", seed, "metric", i)
        classes, steps = d.whole(2, 6), d.whole(1, 4)
        middle = [d.whole(1, 3) for _ in range(d.one((0, 0, 0, 1)))]
        kind = d.one(("binary", "confusion", "auc", "topk", "accuracy", "mean", "error", "fscore", "iou", "crossentropy", "correlation"))
        kw = {}
        if kind in ("binary", "confusion", "auc"):
            logits = kind == "auc" and d.chance(0.3)
            width = d.one((1, 1, classes))
            truth = lambda n: d.bits(n, *middle, width)
            guess = lambda n: d.normal(n, *middle, width, scale=2) if logits else d.uniform(n, *middle, width)
            if kind == "binary":
                cls, kw = "BinaryAccuracy", d.some(threshold=(0.3, 0.8))
            elif kind == "confusion":
                cls = d.one(("Precision", "Recall", "TruePositives", "TrueNegatives", "FalsePositives", "FalseNegatives"))
                kw = d.some(thresholds=(0.3, [0.2, 0.6], [0.0, 0.5, 1.0], 0))
                if cls in ("Precision", "Recall") and width > 1 and not middle:
                    kw.update(d.some(top_k=(1, 2), class_id=(0, width - 1)))
            else:
                cls = d.one(("AUC", "AUC", "SensitivityAtSpecificity", "SpecificityAtSensitivity", "PrecisionAtRecall", "RecallAtPrecision"))
                if cls == "AUC":
                    kw = dict(num_thresholds=d.one((2, 7, 50, 200)), **d.some(curve=("ROC", "PR"), summation_method=("interpolation", "minoring", "majoring")))
                    if logits:
                        kw["from_logits"] = True
                    if d.chance(0.3) and not middle:
                        kw.update(multi_label=True, num_labels=width)
                        if d.chance(0.5):
                            kw["label_weights"] = [d.real(0.1, 2) for _ in range(width)]
                    if d.chance(0.2):
                        kw.pop("num_thresholds")
                        kw["thresholds"] = [0.25, 0.5, 0.51]
                else:
                    first = {"Sen": "specificity", "Spe": "sensitivity", "Pre": "recall", "Rec": "precision"}[cls[:3]]
                    kw = {first: d.one((0.0, 0.4, 0.9, 1.0)), "num_thresholds": d.one((1, 5, 200))}
                    if d.chance(0.3) and width > 1:
                        kw["class_id"] = width - 1
                    if logits:
                        guess = lambda n: d.uniform(n, *middle, width)
        elif kind in ("topk", "accuracy", "crossentropy", "fscore"):
            sparse = d.chance(0.5)
            truth = (lambda n: d.rng.integers(0, classes, (n, *middle)).astype(d.one((np.int32, np.int64, np.float32)))) if sparse else (lambda n: d.onehot(classes, n, *middle))
            guess = lambda n: d.simplex(n, *middle, classes)
            if kind == "topk":
                cls, kw = ("Sparse" if sparse else "") + "TopKCategoricalAccuracy", d.some(k=(1, 2, classes))
            elif kind == "accuracy":
                cls = ("Sparse" if sparse else "") + "CategoricalAccuracy"
                if d.chance(0.3):
                    cls, truth = "SparseCategoricalAccuracy", lambda n: d.rng.integers(0, classes, (n, *middle, 1)).astype(np.int32)
                elif d.chance(0.3):
                    cls, truth, guess = "Accuracy", lambda n: d.rng.integers(0, 3, (n, 2)).astype(np.float32), lambda n: d.rng.integers(0, 3, (n, 2)).astype(np.float32)
            elif kind == "crossentropy":
                cls = ("Sparse" if sparse else "") + "CategoricalCrossentropy"
                logits = d.chance(0.5)
                kw = dict(from_logits=logits, **(d.some(label_smoothing=(0.1,)) if not sparse else {}))
                if logits:
                    guess = lambda n: d.normal(n, *middle, classes, scale=3)
                if d.chance(0.3):
                    cls, kw = "BinaryCrossentropy", dict(from_logits=logits, **d.some(label_smoothing=(0.2,)))
                    truth = lambda n: d.bits(n, *middle, classes)
                    guess = (lambda n: d.normal(n, *middle, classes)) if logits else (lambda n: d.uniform(n, *middle, classes))
            else:
                middle = []
                cls = d.one(("F1Score", "FBetaScore"))
                kw = d.some(average=("micro", "macro", "weighted", None), threshold=(0.2, 0.5))
                if cls == "FBetaScore":
                    kw.update(d.some(beta=(0.5, 2.0, 1.0)))
                truth = lambda n: d.onehot(classes, n)
        elif kind == "mean":
            cls = d.one(("Mean", "Sum"))
            truth, guess = lambda n: d.normal(n, *middle, d.whole(1, 3)), None
        elif kind == "error":
            width = d.whole(1, 4)
            cls = d.one(("MeanSquaredError", "RootMeanSquaredError", "MeanAbsoluteError", "MeanAbsolutePercentageError", "MeanSquaredLogarithmicError", "LogCoshError", "CosineSimilarity",
                         "KLDivergence", "Poisson", "Hinge", "SquaredHinge", "R2Score"))
            truth, guess = lambda n: d.normal(n, *middle, width), lambda n: d.normal(n, *middle, width)
            if cls in ("MeanSquaredLogarithmicError", "Poisson", "KLDivergence"):
                truth = guess = lambda n: np.abs(d.normal(n, *middle, width)) + np.float32(0.1)
            if "Hinge" in cls:
                truth = lambda n: d.bits(n, *middle, width)
            if cls == "CosineSimilarity":
                kw = d.some(axis=(-1, 1))
            if cls == "R2Score":
                middle = []
                kw = d.some(class_aggregation=("uniform_average", "variance_weighted_average", None), num_regressors=(0, 1))
        elif kind == "iou":
            cls = d.one(("MeanIoU", "IoU", "BinaryIoU", "OneHotIoU", "OneHotMeanIoU"))
            shape = (d.whole(1, 3), d.whole(1, 3))
            truth = guess = lambda n: d.rng.integers(0, classes, (n, *shape)).astype(np.int32)
            ids = sorted(set(int(v) for v in d.rng.integers(0, classes, 2)))
            if cls == "MeanIoU":
                kw = dict(num_classes=classes, **d.some(ignore_class=(0, classes - 1)))
            elif cls == "IoU":
                kw = dict(num_classes=classes, target_class_ids=ids, **d.some(ignore_class=(0,)))
            elif cls == "BinaryIoU":
                kw = d.some(target_class_ids=([0], [1], [0, 1]), threshold=(0.3, 0.7))
                truth, guess = lambda n: d.bits(n, *shape), lambda n: d.uniform(n, *shape)
            else:
                kw = dict(num_classes=classes, **(dict(target_class_ids=ids) if cls == "OneHotIoU" else {}), **d.some(sparse_y_pred=(True, False)))
                truth = lambda n: d.onehot(classes, n, *shape)
                guess = (lambda n: d.rng.integers(0, classes, (n, *shape)).astype(np.int32)) if kw.get("sparse_y_pred") else (lambda n: d.simplex(n, *shape, classes))
        else:
            cls = d.one(("PearsonCorrelation", "ConcordanceCorrelation"))
            width = d.whole(2, 5)
            truth = guess = lambda n: d.normal(n, *middle, width)
        if d.chance(0.3):
            kw["name"] = "watched"
        batches = []
        for step in range(steps):
            n = d.whole(1, 9)
            y = truth(n)
            p = None if guess is None else guess(n)
            w = None
            if d.chance(0.5):
                base = y if guess is None else y if cls in ("SparseCategoricalAccuracy",) else p if kind not in ("topk", "accuracy", "crossentropy", "error", "fscore", "correlation", "binary") else p[..., 0]
                rank = 1 if kind in ("fscore", "auc", "confusion") or cls == "R2Score" else d.whole(0, base.ndim)
                if kind == "iou":
                    base, rank = y if cls[:6] != "OneHot" else y[..., 0], y.ndim if cls[:6] != "OneHot" else y.ndim - 1
                w = np.abs(d.normal(*base.shape[:rank]))
                if kw.get("multi_label"):
                    w = np.abs(d.normal(n))
            batches.append((y, p, w))
        yield f"metric_{i}_{cls}", cls, kw, batches


def schedule_of(d):
    name = d.one(("ExponentialDecay", "PiecewiseConstantDecay", "CosineDecay", "CosineDecayRestarts", "PolynomialDecay", "InverseTimeDecay"))
    rate = d.one((0.1, 0.05, 1.0, 1e-4))
    if name == "ExponentialDecay" or name == "InverseTimeDecay":
        kw = dict(initial_learning_rate=rate, decay_steps=d.one((1, 3, 7, 1000)), decay_rate=d.real(0.1, 1.2), **d.some(staircase=(True, False)))
    elif name == "PiecewiseConstantDecay":
        n = d.whole(1, 4)
        kw = dict(boundaries=sorted(int(v) for v in d.rng.choice(60, n, replace=False)), values=[d.real(1e-4, 0.2) for _ in range(n + 1)])
    elif name == "CosineDecay":
        kw = dict(initial_learning_rate=d.one((0.0, rate)), decay_steps=d.whole(1, 40), **d.some(alpha=(0.0, 0.1)))
        if d.chance(0.6):
            kw.update(warmup_target=d.real(0.05, 0.3), warmup_steps=d.one((0, 1, 5)))
    elif name == "CosineDecayRestarts":
        kw = dict(initial_learning_rate=rate, first_decay_steps=d.whole(1, 12), **d.some(t_mul=(1.0, 2.0, 1.3), m_mul=(1.0, 0.5), alpha=(0.0, 0.2)))
    else:
        kw = dict(initial_learning_rate=rate, decay_steps=d.whole(1, 20), **d.some(end_learning_rate=(1e-4, 0.02, 0.0), power=(1.0, 0.5, 3.0), cycle=(True, False)))
    return name, kw


OPTIMIZERS = {
    "SGD": dict(momentum=(0.0, 0.5, 0.9), nesterov=(True, False)),
    "Adam": dict(beta_1=(0.0, 0.5, 0.9), beta_2=(0.9, 0.999), epsilon=(1e-7, 1e-2), amsgrad=(True, False)),
    "AdamW": dict(beta_1=(0.5, 0.9), epsilon=(1e-7, 1e-3), amsgrad=(True, False), weight_decay=(0.004, 0.3)),
    "RMSprop": dict(rho=(0.5, 0.99), momentum=(0.0, 0.7), epsilon=(1e-7, 1e-3), centered=(True, False)),
    "Adagrad": dict(initial_accumulator_value=(0.1, 0.0, 1.0), epsilon=(1e-7, 1e-2)),
    "Adadelta": dict(rho=(0.5, 0.95), epsilon=(1e-7, 1e-3)),
    "Adamax": dict(beta_1=(0.5, 0.9), beta_2=(0.8, 0.999), epsilon=(1e-7, 1e-2)),
    "Nadam": dict(beta_1=(0.5, 0.9), beta_2=(0.8, 0.999), epsilon=(1e-7, 1e-2)),
    "Lion": dict(beta_1=(0.5, 0.9), beta_2=(0.8, 0.99)),
    "Lamb": dict(beta_1=(0.5, 0.9), beta_2=(0.8, 0.999), epsilon=(1e-7, 1e-3)),
    "Adafactor": dict(beta_2_decay=(-0.8, -0.5), epsilon_1=(1e-30, 1e-3), epsilon_2=(1e-3, 0.1), clip_threshold=(1.0, 0.3), relative_step=(True, False)),
    "Ftrl": dict(learning_rate_power=(-0.5, -1.0, 0.0), initial_accumulator_value=(0.1, 1.0), l1_regularization_strength=(0.0, 0.05), l2_regularization_strength=(0.0, 0.1),
                 l2_shrinkage_regularization_strength=(0.0, 0.2), beta=(0.0, 0.3)),
    "Muon": dict(momentum=(0.5, 0.95), nesterov=(True, False), ns_steps=(2, 5, 6), adam_beta_1=(0.5, 0.9), adam_weight_decay=(0.0, 0.01), muon_b=(-4.775,), rms_rate=(0.2, None)),
}


def optimizer_of(d, rates=(0.05, 0.01, 0.5), schedules=True, finish=("weight_decay", "clip", "ema", "accumulate", "scale")):
    """Class, options and the schedule of one optimizer; a few of the options that all have."""
    cls = d.one(tuple(OPTIMIZERS))
    kw = d.some(**OPTIMIZERS[cls])
    schedule = schedule_of(d) if schedules and d.chance(0.25) else None
    if schedule is None and d.chance(0.9):
        kw["learning_rate"] = d.one(rates)
    if "weight_decay" in finish and d.chance(0.25):
        kw["weight_decay"] = d.one((0.01, 0.2))
    if "clip" in finish and d.chance(0.35):
        kw.update(d.one((dict(clipnorm=0.7), dict(clipvalue=0.3), dict(global_clipnorm=1.1))))
    if "ema" in finish and d.chance(0.25):
        kw.update(use_ema=True, ema_momentum=d.one((0.5, 0.95)), **d.some(ema_overwrite_frequency=(2, 4)))
    if "accumulate" in finish and d.chance(0.25):
        kw["gradient_accumulation_steps"] = d.one((2, 3))
    if "scale" in finish and d.chance(0.2):
        kw["loss_scale_factor"] = d.one((4.0, 1024.0))
    return cls, kw, schedule


def run(out, seed, what):
    key = f"random{seed}"
    if "losses" in what:
        book = Book(out, "losses/random", "losses", "random losses")
        for name, cls, kw, y, p, weights in loss_cases(seed):
            attempt("loss", f"{name} {kw} {np.shape(y)} {np.shape(p)}", lambda: make_losses.run_loss(book, name, cls, kw, y, p, weights))
        print("losses", book.save(), flush=True)
    if "metrics" in what:
        book = Book(out, "metrics/random", "metrics", "random metrics")
        for name, cls, kw, batches in metric_cases(seed):
            attempt("metric", f"{name} {kw}", lambda: make_metrics.run_metric(book, name, cls, kw, batches))
        print("metrics", book.save(), flush=True)
    if "optimizers" in what:
        book = Book(out, "optimizers/random", "optimizers", "random optimizers")
        for i in range(150):
            d = Draw("values", seed, "optimizer", i)
            cls, kw, schedule = optimizer_of(d)
            shapes = tuple(tuple(d.whole(1, 4) for _ in range(r)) for r in (d.one((2, 2, 4, 3)), 1, d.one((0, 1, 2))))
            more = dict(exclude=d.one((["bias"], ["kernel"], ["ale"]))) if "weight_decay" in kw and d.chance(0.5) else {}
            if d.chance(0.2):
                more["none_grad"] = [d.whole(0, 2)]
            if schedule is None and d.chance(0.2):
                more["setlr"] = {d.whole(1, 3): 0.02, d.whole(4, 8): 0.003}
            name = f"optimizer_{i}_{cls}"
            attempt("optimizer", f"{name} {kw} {schedule}", lambda: make_optimizers.run_optimizer(book, name, cls, kw, key, steps=d.whole(1, 11), shapes=shapes, schedule=schedule, gscale=d.one((1.0, 1.0, 1e-4, 30.0)), **more))
        print("optimizers", book.save(), flush=True)
    if "schedules" in what:
        book = Book(out, "optimizers/random_schedules", "schedules", "random schedules")
        steps = list(range(0, 45)) + [59, 60, 61, 99, 100, 250, 999, 1000, 65537]
        for i in range(60):
            name, kw = schedule_of(Draw("values", seed, "schedule", i))
            schedule = getattr(keras.optimizers.schedules, name)(**kw)
            values = [plain(to_np(schedule(step))) for step in steps]
            book.add({"name": f"schedule_{i}_{name}", "class_name": name, "config": schedule.get_config(), "steps": steps, "values": values})
        print("schedules", book.save(), flush=True)
    if "initializers" in what:
        rand, exact = [], []
        for i in range(40):
            d = Draw("values", seed, "initializer", i)
            shape = d.one(((d.whole(60, 200), d.whole(60, 200)), (3, 3, d.whole(8, 40), d.whole(8, 40)), (d.whole(2000, 9000),), (5, d.whole(20, 60), d.whole(20, 60)), (2, 3, 2, 20, 30)))
            cls = d.one(("GlorotUniform", "GlorotNormal", "HeUniform", "HeNormal", "LecunUniform", "LecunNormal", "VarianceScaling", "VarianceScaling", "RandomNormal", "RandomUniform", "TruncatedNormal"))
            kw = {}
            if cls == "VarianceScaling":
                kw = dict(scale=d.one((0.3, 1.0, 5.0)), mode=d.one(("fan_in", "fan_out", "fan_avg")), distribution=d.one(("uniform", "truncated_normal", "untruncated_normal")))
            elif cls == "RandomUniform":
                kw = dict(minval=d.real(-3, 0), maxval=d.real(0.1, 4))
            elif cls.endswith("Normal") and cls in ("RandomNormal", "TruncatedNormal"):
                kw = dict(mean=d.real(-2, 2), stddev=d.real(0.01, 3))
            rand.append((f"random_{i}_{cls}", cls, kw, shape))
        for i in range(25):
            d = Draw("values", seed, "exact", i)
            cls = d.one(("Zeros", "Ones", "Constant", "Identity", "Orthogonal", "Orthogonal"))
            kw = dict(Constant=dict(value=d.one((0.1, -3, 1e-3))), Identity=dict(gain=d.one((1.0, 0.3))), Orthogonal=dict(seed=i, gain=d.one((1.0, 0.4, 3.0)))).get(cls, {})
            shape = (d.whole(1, 7), d.whole(1, 7)) if cls == "Identity" else tuple(d.whole(1, 9) for _ in range(d.whole(2, 4)))
            exact.append((f"exact_{i}_{cls}", cls, kw, shape))
        make_initializers.run(out, key, rand, exact, seed=int(seed) if str(seed).isdigit() else 5)


if __name__ == "__main__":
    everything = ("losses", "metrics", "optimizers", "schedules", "initializers")
    run(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else "1", sys.argv[3:] or everything)
