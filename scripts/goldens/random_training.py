"""Random trajectories, fits and models of several outputs in the schema of tests/goldens/training: other networks, optimizers, losses and metrics each time.

    python scripts/goldens/random_training.py OUT [SEED] [COUNT] [trajectories fit multi_output]
    TANUKI_GOLDENS=OUT npm run test:goldens

Needs the packages named in tests/goldens/README.md. Nothing it writes is committed.
"""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from random_values import Draw, attempt, optimizer_of, schedule_of  # noqa: E402  (adds tests/goldens/make to the path)
from common import *  # noqa: E402,F403
import keras  # noqa: E402
import tensorflow as tf  # noqa: E402
from keras import layers as L  # noqa: E402
import training as make  # noqa: E402


def activation(d):
    return d.one(("relu", "swish", "gelu", "elu", "tanh", "leaky_relu", "hard_silu", "softplus", "selu", "mish"))


def penalties(d):
    return d.one(({}, {}, {}, dict(kernel_regularizer=keras.regularizers.L2(0.01)), dict(kernel_regularizer="l1"), dict(kernel_constraint=keras.constraints.MaxNorm(1.2)),
                  dict(activity_regularizer=keras.regularizers.L1L2(0.001, 0.002)), dict(kernel_constraint="unit_norm"), dict(bias_regularizer="l2", bias_constraint="non_neg")))


def normalization(d, x):
    options = dict(momentum=d.one((0.6, 0.9, 0.99)), epsilon=d.one((1e-3, 1e-2)), **d.some(center=(True, False), scale=(True, False)))
    return d.one((lambda: L.BatchNormalization(**options), lambda: L.BatchNormalization(**options), lambda: L.LayerNormalization(epsilon=1e-2),
                  lambda: L.GroupNormalization(groups=1, epsilon=1e-2), lambda: L.UnitNormalization()))()(x)


def block(d, x, depth=0):
    """One random piece of a network on pictures."""
    h, w, c = x.shape[1:]
    width = d.one((2, 3, 4, 6))
    kind = d.one(("conv", "conv", "separable", "depthwise", "residual", "branches", "gate", "pool", "shape", "nested", "shared", "transpose"))
    strides = 2 if min(h, w) > 4 and d.chance(0.4) else 1
    size = d.one((1, 2, 3, (1, 3), (3, 2)))
    if kind == "conv":
        groups = c if d.chance(0.2) else 1
        x = L.Conv2D(groups * 2 if groups > 1 else width, size, strides=strides, padding="same", groups=groups, use_bias=False, **({"dilation_rate": 2} if strides == 1 and d.chance(0.2) else {}))(x)
        return L.Activation(activation(d))(normalization(d, x))
    if kind == "separable":
        x = L.SeparableConv2D(width, size, padding="same", depth_multiplier=d.one((1, 2)), use_bias=d.chance(0.5), activation=activation(d))(x)
        return x
    if kind == "depthwise":
        x = L.DepthwiseConv2D(size, strides=strides, padding="same", depth_multiplier=d.one((1, 2)), use_bias=False)(x)
        return d.one((L.ReLU(6.0), L.PReLU(shared_axes=[1, 2]), L.LeakyReLU(0.2), L.ELU(0.7)))(normalization(d, x))
    if kind == "residual":
        y = L.Conv2D(c, 3, padding="same", activation=activation(d), **penalties(d))(x)
        y = normalization(d, L.Conv2D(c, size, padding="same", use_bias=False)(y))
        return d.one((L.Add, L.Average, L.Subtract, L.Maximum))()([x, y])
    if kind == "branches":
        a = L.Conv2D(width, 1, strides=strides, padding="same")(x)
        b = (L.MaxPooling2D if d.chance(0.5) else L.AveragePooling2D)(3, strides=strides, padding="same")(x)
        return L.Concatenate(axis=-1)([a, b, a] if d.chance(0.3) else [b, a])
    if kind == "gate":
        s = L.GlobalAveragePooling2D(keepdims=True)(x)
        s = L.Dense(c, activation=d.one(("sigmoid", "hard_sigmoid", "tanh")))(L.Dense(2, activation="relu")(s))
        return L.Multiply()([x, s])
    if kind == "pool" and min(h, w) > 2:
        return d.one((L.MaxPooling2D(2), L.AveragePooling2D(2, padding="same"), L.MaxPooling2D(3, strides=1, padding="same"), L.AveragePooling2D((2, 1))))(x)
    if kind == "shape":
        return d.one((L.ZeroPadding2D(((1, 0), (0, 2))), L.UpSampling2D(2 if h < 6 else 1), L.UpSampling2D((1, 2) if w < 6 else 1, interpolation="bilinear"), L.Dropout(0.0), L.SpatialDropout2D(0.0), L.GaussianNoise(0.0),
                      L.Permute((2, 1, 3)), L.Cropping2D(((0, 1), (1, 0))) if min(h, w) > 3 else L.Identity(), L.Rescaling(0.5, offset=0.1)))(x)
    if kind == "nested" and depth < 2:
        i = keras.Input((h, w, c))
        return keras.Model(i, block(d, block(d, i, depth + 1), depth + 1))(x)
    if kind == "shared":
        conv = L.Conv2D(c, 3, padding="same", activation=activation(d))
        return conv(conv(x)) if d.chance(0.5) else L.Add()([conv(x), conv(L.Rescaling(-1.0)(x))])
    if kind == "transpose" and max(h, w) < 6:
        return L.Conv2DTranspose(width, d.one((2, 3)), strides=2, padding=d.one(("same", "valid")), activation=activation(d))(x)
    return L.Conv2D(width, size, activation=activation(d), padding="same", **penalties(d))(x)


def picture_net(d, classes, last=None):
    h, w = d.whole(5, 9), d.whole(5, 9)
    i = keras.Input((h, w, d.whole(1, 4)))
    x = i
    for _ in range(d.whole(1, 4)):
        x = block(d, x)
    x = d.one((L.GlobalAveragePooling2D(), L.GlobalMaxPooling2D(), L.GlobalAveragePooling2D(), L.Flatten()))(x)
    if d.chance(0.3):
        x = L.Dense(5, activation=activation(d), **penalties(d))(x)
    return keras.Model(i, L.Dense(classes, activation=last)(x))


def sequence_net(d, classes, last=None):
    steps, width = d.whole(4, 8), d.whole(2, 5)
    i = keras.Input((steps, width))
    x = i
    for _ in range(d.whole(1, 3)):
        kind = d.one(("conv", "attention", "dense", "separable", "pool", "distributed", "einsum"))
        n, c = x.shape[1:]
        if kind == "conv":
            x = L.Conv1D(d.whole(2, 5), d.whole(1, 3), padding=d.one(("same", "causal")), activation=activation(d))(x)
        elif kind == "attention":
            y = L.MultiHeadAttention(d.whole(1, 2), d.whole(1, 3), use_bias=d.chance(0.5))(x, x)
            x = L.LayerNormalization(epsilon=1e-2)(L.Add()([x, y]))
        elif kind == "separable":
            x = L.SeparableConv1D(d.whole(2, 4), 2, padding="same")(x)
        elif kind == "pool" and n > 3:
            x = L.MaxPooling1D(2, padding="same")(x)
        elif kind == "distributed":
            x = L.TimeDistributed(L.Dense(d.whole(2, 4), activation=activation(d)))(x)
        elif kind == "einsum":
            x = L.EinsumDense("abc,cd->abd", output_shape=(None, d.whole(2, 4)), bias_axes="d")(x)
        else:
            x = L.Dense(d.whole(2, 5), activation=activation(d), **penalties(d))(x)
    x = d.one((L.GlobalAveragePooling1D(), L.GlobalMaxPooling1D(), L.Flatten()))(x)
    return keras.Model(i, L.Dense(classes, activation=last)(x))


def vector_net(d, classes, last=None):
    size = d.whole(2, 7)
    if d.chance(0.4):
        inner = keras.Sequential([L.Dense(4, activation=activation(d)), L.BatchNormalization(momentum=0.8)] if d.chance(0.5) else [keras.Input((size,)), L.Dense(5, activation="relu", **penalties(d))])
        return keras.Sequential([keras.Input((size,)), inner, L.Dropout(0.0), L.Dense(classes, activation=last)])
    i = keras.Input((size,))
    x = L.Dense(d.whole(3, 8), activation=activation(d), use_bias=d.chance(0.7), **({} if d.chance(0.7) else dict(kernel_regularizer="l1l2")))(i)
    if d.chance(0.4):
        x = normalization(d, L.Dense(6, use_bias=False)(x)) if d.chance(0.7) else L.LayerNormalization()(x)
    if d.chance(0.3):
        x = L.Concatenate()([x, i])
    return keras.Model(i, L.Dense(classes, activation=last, **penalties(d))(x))


def task(d):
    """Loss, metrics, number of outputs, last activation, and labels of n samples."""
    kind = d.one(("binary", "binary_probabilities", "sparse", "sparse_probabilities", "onehot", "regression", "multilabel"))
    if kind.startswith("binary"):
        logits = kind == "binary"
        loss = d.one((("BinaryCrossentropy", dict(from_logits=logits)), ("BinaryCrossentropy", dict(from_logits=logits, label_smoothing=0.1)), ("BinaryFocalCrossentropy", dict(from_logits=logits, gamma=1.5))))
        loss = d.one((loss, "binary_crossentropy")) if not logits else loss
        metrics = d.one(([], ["accuracy"], [("BinaryAccuracy", dict(threshold=0.0 if logits else 0.5))], [("AUC", dict(from_logits=logits, num_thresholds=20))], [("Precision", dict(thresholds=[0.2, 0.6])), "mse"],
                         [("Recall", {}), ("F1Score", dict(threshold=0.5)), "mae"]))
        return loss, metrics, 1, None if logits else "sigmoid", lambda n: d.rng.integers(0, 2, (n, 1) if d.chance(0.7) else (n, 1)).astype(d.one((np.float32, np.int32)))
    classes = d.whole(2, 5)
    if kind.startswith("sparse"):
        logits = kind == "sparse"
        loss = d.one((("SparseCategoricalCrossentropy", dict(from_logits=logits)), ("SparseCategoricalCrossentropy", dict(from_logits=logits, ignore_class=0))))
        loss = d.one((loss, "sparse_categorical_crossentropy")) if not logits else loss
        metrics = d.one((["accuracy"], ["acc", ("SparseTopKCategoricalAccuracy", dict(k=2))], ["sparse_categorical_crossentropy"] if not logits else ["accuracy"], []))
        return loss, metrics, classes, None if logits else "softmax", lambda n: d.rng.integers(0, classes, (n,)).astype(np.int32)
    if kind == "onehot":
        logits = d.chance(0.5)
        loss = d.one((("CategoricalCrossentropy", dict(from_logits=logits, label_smoothing=0.1)), ("CategoricalFocalCrossentropy", dict(from_logits=logits)), ("KLDivergence", {}) if not logits else ("CategoricalHinge", {}), ("CategoricalCrossentropy", dict(from_logits=logits))))
        metrics = d.one((["accuracy"], [("TopKCategoricalAccuracy", dict(k=2)), ("F1Score", dict(average="macro"))], ["cosine_similarity", "mse"]))
        return loss, metrics, classes, None if logits else "softmax", lambda n: np.eye(classes, dtype=np.float32)[d.rng.integers(0, classes, n)]
    if kind == "multilabel":
        loss = ("BinaryCrossentropy", dict(from_logits=True))
        metrics = d.one((["binary_accuracy"], [("AUC", dict(multi_label=True, num_labels=classes, from_logits=True, num_thresholds=15))], [("BinaryAccuracy", dict(threshold=0.3)), ("Precision", dict(top_k=1))]))
        return loss, metrics, classes, None, lambda n: d.rng.integers(0, 2, (n, classes)).astype(np.float32)
    loss = d.one(("mse", "mae", ("Huber", dict(delta=0.5)), ("LogCosh", {}), "huber", ("CosineSimilarity", {}), ("MeanSquaredError", dict(reduction="sum")), ("MeanSquaredError", dict(reduction="mean_with_sample_weight"))))
    metrics = d.one((["mae", "mse"], [("RootMeanSquaredError", {})], [("R2Score", {})], [], ["cosine_similarity", ("MeanSquaredError", dict(name="err"))]))
    return loss, metrics, classes, None, lambda n: d.normal(n, classes)


def some_net(d, classes, last):
    return d.one((picture_net, picture_net, sequence_net, vector_net))(d, classes, last)


def draws(seed, what, i):
    """Network, task, optimizer of one case; the network is made anew by each call of `build`."""
    d = Draw("training", seed, what, i)
    loss, metrics, classes, last, labels = task(d)
    for attempt_number in range(20):
        build = lambda k=attempt_number: some_net(Draw("training", seed, what, i, "net", k), classes, last)
        reset()
        try:
            shape = build().input_shape[1:]
            break
        except Exception as error:
            print(f"another net: {str(error).splitlines()[0][:100]}")
    cls, kw, schedule = optimizer_of(d, rates=(0.01, 0.03))
    if schedule is not None:
        # Large rates only blow rounding up.
        small = lambda v: min(v, 0.03)
        schedule[1].update({k: small(v) for k, v in schedule[1].items() if k in ("initial_learning_rate", "warmup_target", "end_learning_rate")})
        if "values" in schedule[1]:
            schedule[1]["values"] = [small(v) for v in schedule[1]["values"]]
        kw["learning_rate"] = getattr(keras.optimizers.schedules, schedule[0])(**schedule[1])
    if cls == "Adadelta" and "learning_rate" in kw and schedule is None:
        kw["learning_rate"] = 0.5
    return d, build, (cls, kw), loss, metrics, labels, shape


def trajectories(out, seed, count):
    book = Book(out, "training/random_trajectories", "trajectories", "random networks")
    for i in range(count):
        d, build, opt, loss, metrics, labels, shape = draws(seed, "trajectory", i)
        sizes = [d.whole(2, 7)] * d.whole(1, 3) + ([d.whole(1, 4)] if d.chance(0.5) else [])
        batches = [(d.normal(n, *shape), labels(n)) for n in sizes]
        freeze = Draw("training", seed, "freeze", i)

        def prepare(model):
            for layer in model.layers:
                if freeze.chance(0.2):
                    layer.trainable = False
            if not model.trainable_weights:
                model.trainable = True
        name = f"trajectory_{i}_{opt[0]}"
        attempt("trajectory", f"{name} {opt} {loss} {metrics}", lambda: make.trajectory(book, name, build, f"random{seed}{name}", opt, loss, metrics, batches, d.one((6, 12, 25)), every=10, prepare=prepare if d.chance(0.4) else None))
        print(name, flush=True)
    print("trajectories", book.save(), flush=True)


def fits(out, seed, count):
    book = Book(out, "training/random_fit", "fit", "random fits")
    for i in range(count):
        d, build, opt, loss, metrics, labels, shape = draws(seed, "fit", i)
        n = d.whole(7, 20)
        x, y = d.normal(n, *shape), labels(n)
        fit = dict(epochs=d.whole(1, 3))
        more = {}
        dataset = d.chance(0.35)
        if dataset:
            more["ds_batch"] = d.whole(2, 8)
            steps = -(-n // more["ds_batch"])
            if d.chance(0.3) and steps > 1:
                fit["steps_per_epoch"] = d.whole(1, steps)
        else:
            fit["batch_size"] = d.whole(2, 9)
        validated = d.chance(0.6)
        if validated and not dataset and d.chance(0.4):
            fit["validation_split"] = d.one((0.2, 0.34, 0.5))
            validated = False
        if validated:
            m = d.whole(2, 9)
            more["val"] = (d.normal(m, *shape), labels(m))
            fit.update(d.some(validation_freq=(2, [1, 3])))
            if dataset and d.chance(0.3):
                fit["validation_steps"] = 1
            if not dataset and d.chance(0.4):
                more["val_sw"] = np.abs(d.normal(m))
            if not dataset and d.chance(0.3):
                fit["validation_batch_size"] = d.whole(1, 5)
        if d.chance(0.2):
            fit["initial_epoch"] = 1
            fit["epochs"] += 1
        if d.chance(0.3) and (y.dtype == np.int32 or y.ndim == 2 and set(np.unique(y)) <= {0.0, 1.0} and (y.sum(-1) == 1).all()):
            more["class_weight"] = {k: d.real(0.1, 3) for k in range(int(y.max()) + 1 if y.ndim == 1 or y.shape[1] == 1 else y.shape[1])}
        elif d.chance(0.4) and "validation_split" not in fit:
            more["sample_weight"] = np.abs(d.normal(n)) * (d.rng.random(n) < 0.8).astype(np.float32) + np.float32(0.01)
        elif d.chance(0.3) and not dataset:
            more["sample_weight"] = np.abs(d.normal(n))
        if d.chance(0.5) and metrics:
            more["weighted_metrics"] = d.one((metrics, metrics[:1], ["mse"]))
            if d.chance(0.5):
                metrics = []
        more["events"] = d.chance(0.5)
        name = f"fit_{i}_{opt[0]}"
        attempt("fit", f"{name} {fit} {loss} {metrics} {sorted(more)}", lambda: make.fit_case(book, name, build, f"random{seed}{name}", opt, loss, metrics, (x, y), fit, **more))
        print(name, flush=True)
    print("fit", book.save(), flush=True)


def outputs_net(d, kinds, named):
    """Several inputs and outputs, a shared layer, a nested model; outputs as a list or by name."""
    a = keras.Input((d.whole(3, 5),), name="left")
    inputs = [a]
    shared = L.Dense(5, activation=activation(d), name="shared")
    x = shared(L.Dense(4, name="to_shared")(a))
    if d.chance(0.6):
        b = keras.Input((d.whole(2, 4),), name="right")
        inputs.append(b)
        x = L.Concatenate(name="both")([x, shared(L.Dense(4, name="other_to_shared")(b))])
    if d.chance(0.5):
        i = keras.Input((x.shape[-1],), name="inner_in")
        x = keras.Model(i, L.Dense(4, activation="tanh", name="inner_dense", **penalties(d))(i), name="inner")(x)
    outs = [L.Dense(units, name=f"out_{k}", activation=last)(x) for k, (_, _, units, last, _) in enumerate(kinds)]
    ins = {t.name: t for t in inputs} if len(inputs) > 1 and d.chance(0.4) else inputs if len(inputs) > 1 else a
    return keras.Model(ins, {f"key_{k}": o for k, o in enumerate(outs)} if named == "keys" else {o._keras_history.operation.name: o for o in outs} if named else outs)


def multi_outputs(out, seed, count):
    book = Book(out, "training/random_multi_output", "multi_output", "random models of several outputs")
    for i in range(count):
        d = Draw("training", seed, "multi", i)
        kinds = [task(d) for _ in range(d.whole(2, 3))]
        # Results of several values are one entry for each here.
        single = lambda w: not isinstance(w, tuple) or w[0] != "F1Score" and not isinstance(w[1].get("thresholds"), list)
        kinds = [(t[0], [w for w in t[1] if single(w)], *t[2:]) for t in kinds]
        named = d.one((False, True, "keys"))
        names = [f"key_{k}" if named == "keys" else f"out_{k}" for k in range(len(kinds))]
        reset()
        m = outputs_net(Draw("training", seed, "multi", i, "net"), kinds, named)
        make.fill(m, f"random{seed}multi{i}")
        cls, kw, _ = optimizer_of(d, rates=(0.01, 0.05), schedules=False)
        n = d.whole(7, 16)
        by_name = named is not False or d.chance(0.4)
        group = lambda items: dict(zip(names, items)) if by_name else list(items)
        obj = lambda kind, w: getattr(getattr(keras, kind), w[0])(**w[1]) if isinstance(w, tuple) else w
        dropped = d.whole(0, len(kinds) - 1) if d.chance(0.2) and not by_name else None
        spec = {"optimizer": {"class_name": cls, "config": None}, "loss": group([None if k == dropped else t[0] for k, t in enumerate(kinds)]),
                "loss_weights": d.one((None, group([d.real(0.2, 2) for _ in kinds])))}
        spec["metrics"] = d.one((None, group([[] if k == dropped else t[1] for k, t in enumerate(kinds)])))
        if d.chance(0.4):
            spec["weighted_metrics"] = group([t[1][:1] for t in kinds])
        deep = lambda kind, v: {k: deep(kind, w) for k, w in v.items()} if isinstance(v, dict) else [deep(kind, w) for w in v] if isinstance(v, list) else None if v is None else obj(kind, v)
        fit = dict(batch_size=d.whole(3, 8), epochs=d.whole(1, 3))
        name = f"multi_{i}_{cls}"

        def run():
            opt = getattr(keras.optimizers, cls)(**kw)
            spec["optimizer"]["config"] = plain(opt.get_config())
            m.compile(optimizer=opt, loss=deep("losses", spec["loss"]), loss_weights=spec["loss_weights"], metrics=deep("metrics", spec["metrics"]), weighted_metrics=deep("metrics", spec.get("weighted_metrics")), jit_compile=False)
            xs = {t.name: d.normal(n, *t.shape[1:]) for t in m.inputs}
            x = xs if len(xs) > 1 and isinstance(m.input, dict) else list(xs.values()) if len(xs) > 1 else next(iter(xs.values()))
            y = group([t[4](n) for t in kinds])
            sw = group([np.abs(d.normal(n)) for _ in kinds]) if d.chance(0.4) else None
            put = lambda tag, v: {k: b_put(f"{name}/{tag}/{k}", w) for k, w in v.items()} if isinstance(v, dict) else [b_put(f"{name}/{tag}/{k}", w) for k, w in enumerate(v)] if isinstance(v, list) else b_put(f"{name}/{tag}", v)
            b_put = book.put
            case = {"name": name, "model": make.model_spec(m), "compile": spec, "x": put("x", x), "y": put("y", y), "fit": fit, "initial_weights": make.weights_into(book, name, m, "init")}
            if sw is not None:
                case["sample_weight"] = put("sw", sw)
            h = m.fit(x, y, sample_weight=sw, shuffle=False, verbose=0, **fit)
            case["history"], case["history_key_order"], case["metrics_names"] = plain(h.history), list(h.history), m.metrics_names
            case["evaluate"] = {"dict": plain(m.evaluate(x, y, batch_size=fit["batch_size"], verbose=0, return_dict=True)), "list": plain(m.evaluate(x, y, batch_size=fit["batch_size"], verbose=0))}
            case["final_weights"] = make.weights_into(book, name, m, "final")
            book.add(case)
        attempt("multi_output", f"{name} {spec['loss']} {named}", run)
    print("multi_output", book.save(), flush=True)


if __name__ == "__main__":
    out, seed = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else "1"
    count = int(sys.argv[3]) if len(sys.argv) > 3 else 60
    # Without graphs: building them takes longer than all the steps.
    tf.config.run_functions_eagerly(True)
    import warnings
    warnings.simplefilter("ignore")
    for what, run in (("trajectories", trajectories), ("fit", fits), ("multi_output", multi_outputs)):
        if what in (sys.argv[4:] or ("trajectories", "fit", "multi_output")):
            # But a batch of known size counts otherwise in the losses of several outputs.
            tf.config.run_functions_eagerly(what != "multi_output")
            run(out, seed, count)
