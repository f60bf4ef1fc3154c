"""Random layer cases in the schema of tests/goldens/layers: other shapes, options and values each time.

    python scripts/goldens/random_layers.py OUT [SEED]
    TANUKI_GOLDENS=OUT npm run test:goldens

Needs the packages named in tests/goldens/README.md. Nothing it writes is committed.
"""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "tests", "goldens", "make"))
from ops_runner import *  # noqa: E402,F403
import draw  # noqa: E402
import images  # noqa: E402

ACTIVATIONS = ("relu", "relu6", "leaky_relu", "sigmoid", "hard_sigmoid", "tanh", "silu", "gelu", "elu", "selu", "softplus",
               "softsign", "softmax", "log_softmax", "exponential", "hard_silu", "mish", "linear", "celu", "hard_tanh",
               "hard_shrink", "soft_shrink", "tanh_shrink", "log_sigmoid", "squareplus", "sparse_plus", "sparse_sigmoid",
               "sparsemax")
INITIALIZERS = (
    "zeros", "ones", "glorot_normal", "he_normal", "he_uniform", "lecun_normal", "lecun_uniform", "random_normal",
    "random_uniform", "truncated_normal", "orthogonal", "variance_scaling",
    {"class_name": "Constant", "config": {"value": 0.25}},
    {"class_name": "RandomUniform", "config": {"minval": -0.5, "maxval": 0.25, "seed": 3}},
    {"class_name": "TruncatedNormal", "config": {"mean": 0.1, "stddev": 0.3, "seed": None}},
    {"class_name": "VarianceScaling", "config": {"scale": 2.0, "mode": "fan_out", "distribution": "uniform", "seed": None}},
)
REGULARIZERS = ("l1", "l2", {"class_name": "L1L2", "config": {"l1": 0.01, "l2": 0.02}}, {"class_name": "L2", "config": {"l2": 0.003}},
                {"class_name": "OrthogonalRegularizer", "config": {"factor": 0.02, "mode": "columns"}})
CONSTRAINTS = ("non_neg", "unit_norm", "max_norm", {"class_name": "MaxNorm", "config": {"max_value": 1.5, "axis": [0, 1]}},
               {"class_name": "MinMaxNorm", "config": {"min_value": 0.1, "max_value": 0.9, "rate": 0.5, "axis": 0}})


class Draw(draw.Draw):
    """Choices for layers."""

    def common(self, *weights):
        """Options that every layer takes."""
        kw = {}
        if self.chance(0.1):
            kw["name"] = self.one(("head", "block1_conv", "a.b-c"))
        for w in weights:
            if self.chance(0.2):
                kw[f"{w}_initializer"] = self.one(INITIALIZERS[:10] if w != "kernel" else INITIALIZERS)
            # The penalty is no part of the gradients that are stored.
            if self.chance(0.1):
                kw[f"{w}_regularizer"] = self.one(REGULARIZERS[:4])
            if self.chance(0.1):
                kw[f"{w}_constraint"] = self.one(CONSTRAINTS[:3])
        return kw

    def bias(self):
        return {"use_bias": False} if self.chance(0.3) else {}

    def activation(self, p=0.5):
        return {"activation": self.one(ACTIVATIONS)} if self.chance(p) else {}


def window(d, rank, strides_and_dilation=True):
    """Kernel, strides, padding, dilation and an input size on which they work."""
    kernel = [d.whole(1, 5) for _ in range(rank)] if d.chance(0.4) else [d.whole(1, 7)] * rank
    padding = d.one(("valid", "same", "SAME") if rank == 2 else ("valid", "same"))
    kw = {"kernel_size": tuple(kernel) if len(set(kernel)) > 1 or d.chance(0.2) else kernel[0], "padding": padding}
    dilation = [1] * rank
    if strides_and_dilation and d.chance(0.3):
        dilation = [d.whole(1, 3) for _ in range(rank)]
        kw["dilation_rate"] = tuple(dilation)
    elif d.chance(0.6):
        kw["strides"] = d.whole(1, 5)
    least = [(k - 1) * r + 1 if padding == "valid" else 1 for k, r in zip(kernel, dilation)]
    return kw, [n + d.one((0, 0, 1, 2, 3, 5, 8)) for n in least]


def tables(seed):
    T = {}
    D = lambda *key: Draw("random", seed, *key)
    c = []
    for i in range(40):
        d = D("dense", i)
        shape = [d.whole(1, 5) for _ in range(d.whole(1, 4))] + [d.whole(1, 9)]
        kw = dict(units=d.whole(1, 9), **d.bias(), **d.activation(), **d.common("kernel", "bias"))
        c.append((f"dense_{i}", "Dense", kw, [d.normal(*shape)], dict(training=d.one((None, True, False)), trainable=d.one((None, None, False)))))
    T["dense"] = ("Dense", c)
    for path, cls, kinds in (("conv2d", "Conv2D", ("kernel", "bias")), ("depthwise_conv2d", "DepthwiseConv2D", ("depthwise", "bias")),
                             ("separable_conv2d", "SeparableConv2D", ("depthwise", "pointwise", "bias"))):
        c = []
        for i in range(60 if cls == "Conv2D" else 40):
            d = D(path, i)
            kw, size = window(d, 2)
            channels = d.whole(1, 6)
            kw.update(d.bias(), **d.activation(0.4), **d.common(*kinds))
            if cls == "Conv2D":
                groups = d.one((1, 1, 1, channels, 2 if channels % 2 == 0 else 1))
                kw.update(filters=groups * d.whole(1, 4), groups=groups)
            else:
                kw.update(depth_multiplier=d.whole(1, 3))
                s = kw.get("strides", 1)
                # TensorFlow's CPU kernel cannot dilate with a stride; Keras refuses it for all.
                if cls == "SeparableConv2D":
                    kw.update(filters=d.whole(1, 6))
                kw["strides"] = s
            c.append((f"{path}_{i}", cls, kw, [d.normal(d.whole(1, 3), *size, channels)], dict(training=d.one((None, True, False)))))
        T[path] = (cls, c)
    c = []
    for i in range(40):
        d = D("bn", i)
        rank = d.whole(2, 5)
        shape = [d.whole(1, 5)] + [d.whole(1, 4) for _ in range(rank - 1)]
        axis = d.one((-1, -1, rank - 1, 1, 1 - rank))
        kw = dict(axis=axis, momentum=d.one((0.0, 0.5, 0.9, 0.99, 1.0)), epsilon=d.one((1e-3, 1e-5, 0.1)), center=d.chance(0.7), scale=d.chance(0.7),
                  **d.common("gamma", "beta"))
        if d.chance(0.2):
            kw.update(moving_mean_initializer="ones", moving_variance_initializer=INITIALIZERS[12])
        c.append((f"bn_{i}", "BatchNormalization", kw, [d.normal(*shape, scale=2, shift=d.one((0, 3, -20)))],
                  dict(training=d.one((None, True, True, False)), trainable=d.one((None, None, False)))))
    T["batch_normalization"] = ("BatchNormalization", c)
    c = []
    for i in range(60):
        d = D("norm", i)
        rank = d.whole(2, 4)
        shape = [d.whole(1, 3)] + [d.whole(2, 4) for _ in range(rank - 1)]
        cls = d.one(("LayerNormalization", "LayerNormalization", "GroupNormalization", "UnitNormalization"))
        if cls == "LayerNormalization":
            axis = d.one((-1, 1, [1], list(range(1, rank)), [-1], [-1, 1] if rank > 2 else -1))
            kw = dict(axis=axis, epsilon=d.one((1e-3, 1e-6)), center=d.chance(0.7), scale=d.chance(0.7), **d.common("gamma", "beta"))
        elif cls == "GroupNormalization":
            axis = d.one((-1, 1, rank - 1))
            size = shape[axis]
            kw = dict(groups=d.one([-1] + [g for g in range(1, size + 1) if size % g == 0]), axis=axis, epsilon=d.one((1e-3, 1e-5)),
                      center=d.chance(0.7), scale=d.chance(0.7), **d.common("gamma", "beta"))
        else:
            kw = dict(axis=d.one((-1, 1, [1], list(range(1, rank)))))
        c.append((f"norm_{i}_{cls}", cls, kw, [d.normal(*shape, scale=2, shift=1)], dict(training=d.one((None, True, False)))))
    T["other_normalization"] = ("normalization within an example", c)
    c = []
    for i in range(60):
        d = D("pool", i)
        cls = d.one(("MaxPooling2D", "AveragePooling2D", "AveragePooling2D", "GlobalMaxPooling2D", "GlobalAveragePooling2D"))
        if cls.startswith("Global"):
            kw, size = dict(keepdims=d.chance(0.5)), [d.whole(1, 6), d.whole(1, 6)]
        else:
            kw, size = window(d, 2, False)
            # TensorFlow's gradient of an average is wrong where the window is larger than the picture.
            k = kw["kernel_size"]
            size = [max(n, m) for n, m in zip(size, (k, k) if isinstance(k, int) else k)]
            kw["pool_size"] = kw.pop("kernel_size")
            kw["padding"] = kw["padding"].lower()
            if d.chance(0.3):
                kw["strides"] = (d.whole(1, 4), d.whole(1, 4))
        x = d.normal(d.whole(1, 3), *size, d.whole(1, 4))
        if d.chance(0.3):
            x = np.round(x)
        c.append((f"pool_{i}_{cls}", cls, kw, [x]))
    T["pooling"] = ("pooling", c)
    c = []
    for i in range(80):
        d = D("shape", i)
        cls = d.one(("ZeroPadding2D", "Cropping2D", "UpSampling2D", "UpSampling2D", "Flatten", "Reshape", "Permute", "RepeatVector"))
        shape = [d.whole(1, 3), d.whole(2, 5), d.whole(2, 5), d.whole(1, 3)]
        if cls == "ZeroPadding2D":
            kw = dict(padding=d.one((0, 2, (0, 3), ((1, 2), (3, 0)), ((0, 0), (0, 1)))))
        elif cls == "Cropping2D":
            shape[1] += 3
            shape[2] += 3
            kw = d.one((dict(), dict(cropping=0), dict(cropping=1), dict(cropping=(0, 2)), dict(cropping=((2, 1), (0, 3)))))
        elif cls == "UpSampling2D":
            kw = dict(size=d.one((1, 2, 3, (1, 4), (3, 2))), interpolation=d.one(("nearest", "bilinear", "bicubic", "lanczos3", "lanczos5")))
        elif cls == "Flatten":
            shape, kw = shape[: d.whole(1, 4)], {}
        elif cls == "Reshape":
            shape = [2, 3, 4, 2]
            kw = dict(target_shape=d.one(((24,), (-1,), (4, 6), (2, -1, 3), (1, 1, 24), (3, 2, 2, 2))))
        elif cls == "Permute":
            n = d.whole(1, 3)
            shape = shape[: n + 1]
            kw = dict(dims=tuple(int(k) + 1 for k in d.rng.permutation(n)))
        else:
            shape, kw = shape[:2], dict(n=d.whole(1, 4))
        # Bicubic borders are a matter of backends; gradients of the kernels above bilinear are not stored elsewhere either.
        opt = dict(grads=cls != "UpSampling2D" or kw["interpolation"] in ("nearest", "bilinear"))
        c.append((f"shape_{i}_{cls}", cls, kw, [d.normal(*shape)], opt))
    T["shape"] = ("shapes", c)
    c = []
    for i in range(80):
        d = D("merge", i)
        cls = d.one(("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum", "Concatenate", "Dot"))
        rank = d.whole(2, 4)
        shape = [d.whole(1, 3)] + [d.whole(1, 4) for _ in range(rank - 1)]
        n = 2 if cls in ("Subtract", "Dot") else d.whole(2, 4)
        kw = {}
        if cls == "Concatenate":
            axis = d.whole(1, rank - 1)
            kw = dict(axis=d.one((axis, axis - rank)))
            shapes = [[d.whole(1, 4) if k == axis else s for k, s in enumerate(shape)] for _ in range(n)]
        elif cls == "Dot":
            a, b = d.whole(2, 3), d.whole(2, 3)
            i1, i2 = d.whole(1, a - 1), d.whole(1, b - 1)
            shapes = [[shape[0]] + [d.whole(1, 4) for _ in range(r - 1)] for r in (a, b)]
            shapes[1][i2] = shapes[0][i1]
            kw = dict(axes=d.one(((i1, i2), (i1 - a, i2 - b))), normalize=d.chance(0.4))
        else:
            # Dims of unlike sizes: TensorFlow's bias_add takes [n, n] + [n, 1] for a bias of the columns.
            shape = [shape[0]] + [2 * s + 3 * k for k, s in enumerate(shape[1:])]
            shapes = [[s if k == 0 or j == 0 or d.chance(0.7) else 1 for k, s in enumerate(shape)] for j in range(n)]
            if d.chance(0.3) and rank > 2:
                shapes[-1] = [shape[0]] + shape[2:]
        xs = [d.normal(*s) for s in shapes]
        if d.chance(0.3):
            xs = [np.round(x) for x in xs]
        opt = {}
        if cls in ("Maximum", "Minimum") and len(xs) > 2:
            opt = {}
        c.append((f"merge_{i}_{cls}", cls, kw, xs, opt))
    T["merging"] = ("merging", c)
    c = []
    for i, a in enumerate(ACTIVATIONS + ("glu",) + ACTIVATIONS):
        d = D("act", i)
        shape = [d.whole(1, 3) for _ in range(d.whole(1, 3))] + [2 * d.whole(1, 4)]
        c.append((f"activation_{i}_{a}", "Activation", dict(activation=a), [d.normal(*shape, scale=d.one((1, 4)))]))
    for i in range(40):
        d = D("actlayer", i)
        cls = d.one(("ReLU", "ReLU", "LeakyReLU", "PReLU", "ELU", "Softmax"))
        shape = [d.whole(1, 3)] + [d.whole(1, 4) for _ in range(d.whole(1, 3))]
        rank = len(shape)
        kw = {"ReLU": lambda: dict(max_value=d.one((None, 0.0, 1, 6.0)), negative_slope=d.one((0, 0.1, 1.5)), threshold=d.one((0, 0.5, 2))),
              "LeakyReLU": lambda: dict(negative_slope=d.one((0.0, 0.01, 0.3, 1.2))),
              "PReLU": lambda: dict(shared_axes=d.one((None, [1], list(range(1, rank)))), **d.common("alpha")),
              "ELU": lambda: dict(alpha=d.one((0.1, 1, 2.5))),
              "Softmax": lambda: dict(axis=d.one((-1, rank - 1, 1, (1, rank - 1) if rank > 2 else -1, [-1] if rank > 1 else -1)))}[cls]()
        c.append((f"layer_{i}_{cls}", cls, kw, [d.normal(*shape, scale=3)]))
    T["activations"] = ("activations", c)
    c = []
    for i in range(30):
        d = D("rescale", i)
        channels = d.whole(1, 4)
        x = d.one((lambda: d.normal(2, 3, channels, scale=50, shift=100), lambda: d.rng.integers(0, 256, (2, 3, 4, channels)).astype(np.uint8)))()
        per = lambda f: d.one((f(), [f() for _ in range(channels)]))
        if d.chance(0.5):
            cls, kw = "Rescaling", dict(scale=per(lambda: d.one((1 / 255, 0.5, 2, -1.0))), offset=per(lambda: d.one((0.0, 0, -1, 3.5))))
        else:
            cls = "Normalization"
            many = [float(d.whole(1, 200)) for _ in range(channels)], [float(d.whole(1, 30)) for _ in range(channels)]
            kw = d.one((dict(axis=-1, mean=many[0], variance=many[1]), dict(axis=None, mean=3.0, variance=2.0), dict(mean=1.0, variance=0.0),
                        dict(axis=x.ndim - 1, mean=many[0], variance=many[1], invert=True)))
        c.append((f"rescale_{i}_{cls}", cls, kw, [x], dict(grads=x.dtype == np.float32)))
    T["rescaling_normalization"] = ("Rescaling and Normalization", c)
    c = []
    for i in range(60):
        d = D("resize", i)
        x = images.img(str(seed), f"resize{i}", d.whole(1, 2), d.whole(1, 12), d.whole(1, 12), d.one((1, 3, 4)))
        ip = d.one(("bilinear", "nearest", "bicubic", "lanczos3", "lanczos5", "area"))
        kw = dict(height=d.whole(1, 14), width=d.whole(1, 14), interpolation=ip)
        if ip not in ("area", "nearest"):
            kw["antialias"] = d.chance(0.4)
        if d.chance(0.3):
            kw["crop_to_aspect_ratio"] = True
        elif d.chance(0.3):
            kw.update(pad_to_aspect_ratio=True, fill_value=d.one((0.0, 7.0, 255.0)))
        if d.chance(0.2):
            x = x[0]
        if d.chance(0.25):
            x = x.astype(np.uint8)
        c.append((f"resize_{i}", "Resizing", kw, [x], dict(grads=False)))
    T["resizing"] = ("Resizing", c)
    c = []
    for i in range(25):
        d = D("centre", i)
        x = images.img(str(seed), f"centre{i}", d.whole(1, 2), d.whole(1, 9), d.whole(1, 9), d.one((1, 3)))
        if d.chance(0.3):
            x = x[0]
        c.append((f"centre_{i}", "CenterCrop", dict(height=d.whole(1, 9), width=d.whole(1, 9)), [x], dict(grads=False)))
    T["center_crop"] = ("CenterCrop", c)
    c = []
    for i in range(20):
        d = D("category", i)
        mode = d.one(("one_hot", "multi_hot", "count"))
        n = d.whole(1, 7)
        shape = d.one(((d.whole(1, 5),), (d.whole(1, 5), 1), (d.whole(1, 4), d.whole(1, 4)))) if mode == "one_hot" else (d.whole(1, 4), d.whole(1, 5))
        ids = d.rng.integers(0, n, shape).astype(d.one((np.int32, np.int64)))
        c.append((f"category_{i}", "CategoryEncoding", dict(num_tokens=n, output_mode=mode), [ids], dict(grads=False)))
    T["category_encoding"] = ("CategoryEncoding", c)
    c = []
    for i, (cls, kw) in enumerate((("Dropout", dict(rate=0.3, seed=4)), ("Dropout", dict(rate=0.5, noise_shape=(None, 1, 1, 2))), ("SpatialDropout2D", dict(rate=0.2)),
                                   ("SpatialDropout2D", dict(rate=0.0, seed=2, name="sd")), ("GaussianNoise", dict(stddev=0.1, seed=9)), ("GaussianDropout", dict(rate=0.2)),
                                   ("GaussianNoise", dict(stddev=0)), ("RandomFlip", {}), ("RandomZoom", dict(height_factor=0.2, width_factor=(-0.1, 0.1))),
                                   ("RandomTranslation", dict(height_factor=0.2, width_factor=0.1)), ("RandomContrast", dict(factor=0.3)), ("RandomBrightness", dict(factor=(0.1, 0.3))),
                                   ("RandomRotation", dict(factor=0.2, data_format="channels_last")), ("Identity", {}))):
        for training in (None, False):
            if training is None and cls.startswith("Random"):
                continue
            d = D("identity", i)
            c.append((f"identity_{i}_{cls}_{training}", cls, kw, [d.normal(2, 4, 5, 2, scale=9, shift=50)], dict(training=training, grads=False)))
    T["inference_identity"] = ("identity outside training", c)
    return T


def book_cases(out, path, about, table, key):
    """As in make/layers.py, but what Keras itself refuses is left out and said."""
    b = Book(out, "layers/" + path, "layers", about)
    for name, cls, kw, xs, *opt in table:
        try:
            run_layer(b, name, cls, kw, xs, seed_key=key, **(opt[0] if opt else {}))
        except Exception as error:
            print(f"left out {name} {kw} {[x.shape for x in xs]}: {type(error).__name__} {str(error).splitlines()[0][:150]}")
    print("layers/" + path, b.save(), flush=True)


def adapt_cases(out, seed):
    b = Book(out, "layers/normalization_adapt", "normalization_adapt", "Normalization.adapt")
    for i in range(20):
        d = Draw("random", seed, "adapt", i)
        rank = d.whole(2, 4)
        shape = [d.whole(2, 11)] + [d.whole(1, 4) for _ in range(rank - 1)]
        axis = d.one((-1, None, 1, rank - 1, tuple(range(1, rank)), (-1, 1) if rank > 2 else -1, [-1]))
        data = d.normal(*shape, scale=d.one((1, 30)), shift=d.one((0, 100)))
        reset()
        layer = keras.layers.Normalization(axis=axis, invert=d.chance(0.3))
        size = d.whole(1, 5)
        layer.adapt(tf.data.Dataset.from_tensor_slices(data).batch(size))
        name = f"adapt_{i}"
        y = to_np(layer(tf.constant(data)))
        b.add({"name": name, "class_name": "Normalization", "config": layer.get_config(), "batch_size": size,
               "inputs": [{"tensor": b.put(name + "/x0", data)}],
               "weights": [{"name": w.name, "dtype": w.dtype, "shape": tuple(w.shape), "tensor": b.put(f"{name}/w{k}", w.numpy())} for k, w in enumerate(layer.weights)],
               "outputs": [{"tensor": b.put(name + "/y0", y)}], "notes": ""})
    print("layers/normalization_adapt", b.save())


if __name__ == "__main__":
    out, seed = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else "1"
    for path, (about, table) in tables(seed).items():
        book_cases(out, path, about, table, f"random{seed}")
    adapt_cases(out, seed)
    d = Draw("random", seed, "images")
    f = lambda lo, hi: round(float(d.rng.uniform(lo, hi)), 3)
    images.random_book(out, f"random{seed}", angles=[f(-1, 1) for _ in range(4)], zooms=[(f(-0.7, 0.9), f(-0.7, 0.9)) for _ in range(3)],
                       shifts=[(f(-1, 1), f(-1, 1)) for _ in range(3)], shape=(d.whole(6, 12), d.whole(8, 12)), tall=(d.whole(5, 14), d.whole(1, 7)))
