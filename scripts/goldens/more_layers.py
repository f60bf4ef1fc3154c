"""Golden values of the layers that tests/goldens/make/layers.py and images.py leave out, in the same schema.

    python scripts/goldens/more_layers.py tests/goldens

Needs the packages named in tests/goldens/README.md. Two fields are added to the schema: `kwargs`, keyword arguments of the call (a
tensor is {"tensor": key}), and `losses`, the sum of `layer.losses` after it.
"""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "tests", "goldens", "make"))
from ops_runner import *  # noqa: E402,F403
from ops_runner import _weights  # noqa: E402

KEY = "more"
WRAPPERS = ("TimeDistributed", "SpectralNormalization")
# Their inputs are positional arguments in Keras and a list here.
SEVERAL = ("MultiHeadAttention", "GroupQueryAttention")


def run_layer(book, name, cls, kwargs, inputs, training=None, grads=True, call=None, trainable=None, notes=""):
    """As ops_runner.run_layer, for any structure of inputs, keyword arguments of the call, and wrappers."""
    reset()
    layer = getattr(keras.layers, cls)(**{k: v() if callable(v) else v for k, v in kwargs.items()})
    xs = [np.asarray(x) for x in inputs]
    config = plain(layer.get_config()) if cls in WRAPPERS else None
    many = cls in SEVERAL
    as_list = len(xs) > 1 or cls in ("Attention", "AdditiveAttention", "Concatenate")
    kw = {k: tf.constant(v) if isinstance(v, np.ndarray) else v for k, v in (call or {}).items()}

    def forward(tensors, **more):
        if many:
            return layer(*(tensors if len(tensors) > 1 else tensors * 2), **kw, **more)
        return layer(tensors if as_list else tensors[0], **kw, **more)

    if many:
        forward([tf.constant(x) for x in xs])
    elif not layer.built:
        layer.build([x.shape for x in xs] if as_list else xs[0].shape)
    _weights(layer, rng_for(KEY, name))
    if trainable is not None:
        layer.trainable = trainable
    case = {"name": name, "class_name": cls, "config": config or full_config(layer, {}), "training": training, "list_input": as_list,
            "inputs": [], "weights": [], "outputs": [], "grads": None, "notes": notes}
    if call:
        case["kwargs"] = {k: {"tensor": book.put(f"{name}/{k}", v)} if isinstance(v, np.ndarray) else v for k, v in call.items()}
    for i, x in enumerate(xs):
        case["inputs"].append({"tensor": book.put(f"{name}/x{i}", x), "shape": x.shape, "dtype": str(x.dtype)})
    for i, w in enumerate(layer.weights):
        case["weights"].append({"name": w.name, "path": w.path, "shape": tuple(w.shape), "dtype": w.dtype,
                                "trainable": bool(w.trainable), "tensor": book.put(f"{name}/w{i}", w.numpy())})
    more = {} if training is None else {"training": training}
    tx = [tf.constant(x) for x in xs]
    diff = [t for t in tx if t.dtype.is_floating] if grads else []
    tvars = list(layer.trainable_variables) if grads else []
    with tf.GradientTape() as tape:
        for t in diff:
            tape.watch(t)
        y = forward(tx, **more)
        ys = list(y) if isinstance(y, (list, tuple)) else [y]
        if grads:
            R = normal(rng_for(KEY, name, "R"), ys[0].shape)
            loss = tf.reduce_sum(tf.cast(ys[0], tf.float32) * R)
    if layer.losses:
        case["losses"] = float(sum(float(one) for one in layer.losses))
    if grads:
        g = tape.gradient(loss, diff + [v.value for v in tvars])
        case["grads"] = {"cotangent": book.put(f"{name}/R", R), "inputs": [], "weights": []}
        for i, gi in enumerate(g[:len(diff)]):
            gi = np.zeros(xs[i].shape, np.float32) if gi is None else to_np(tf.convert_to_tensor(gi))
            case["grads"]["inputs"].append(book.put(f"{name}/dx{i}", gi))
        for v, gi in zip(tvars, g[len(diff):]):
            k = [w is v for w in layer.weights].index(True)
            gi = np.zeros(tuple(v.shape), np.float32) if gi is None else to_np(tf.convert_to_tensor(gi))
            case["grads"]["weights"].append({"weight": k, "tensor": book.put(f"{name}/dw{k}", gi)})
    for i, one in enumerate(ys):
        one = to_np(one)
        if one.dtype == np.int64:
            one = one.astype(np.int32)
        case["outputs"].append({"tensor": book.put(f"{name}/y{i}", one), "shape": one.shape, "dtype": str(one.dtype)})
    case["updated_weights"] = [{"weight": i, "tensor": book.put(f"{name}/w{i}_after", w.numpy())} for i, w in enumerate(layer.weights)
                               if not np.array_equal(w.numpy(), book.tensors[f"{name}/w{i}"])]
    book.add(case)


def tables():
    T = {}
    N = lambda tag, *s: normal(rng_for(KEY, "in", tag), s)
    whole = lambda tag, high, *s: rng_for(KEY, "in", tag).integers(0, high, s).astype(np.int32)
    # ---------------------------------------------------------------- sequences
    c = []
    for p in ("valid", "same", "causal"):
        for s, d, g in ((1, 1, 1), (2, 1, 1), (1, 2, 2), (3, 1, 1)):
            c.append((f"conv1d_{p}_s{s}_d{d}_g{g}", "Conv1D", dict(filters=4, kernel_size=3, strides=s, dilation_rate=d, groups=g, padding=p), [N(f"c1{p}{s}{d}", 2, 9, 4)]))
    c.append(("conv1d_even_kernel_nobias_relu", "Conv1D", dict(filters=3, kernel_size=4, padding="same", use_bias=False, activation="relu"), [N("c1e", 1, 6, 2)]))
    for p in ("valid", "same"):
        for s, d, o in ((1, 1, None), (2, 1, None), (3, 1, None), (2, 1, 1), (3, 1, 0)):
            c.append((f"conv1d_transpose_{p}_s{s}_d{d}_o{o}", "Conv1DTranspose", dict(filters=3, kernel_size=3, strides=s, dilation_rate=d, padding=p, output_padding=o), [N(f"ct1{p}{s}{d}{o}", 2, 5, 2)]))
        for s, m in ((1, 1), (2, 2)):
            c.append((f"depthwise_conv1d_{p}_s{s}_m{m}", "DepthwiseConv1D", dict(kernel_size=3, strides=s, depth_multiplier=m, padding=p), [N(f"dc1{p}{s}", 2, 8, 3)]))
            c.append((f"separable_conv1d_{p}_s{s}_m{m}", "SeparableConv1D", dict(filters=4, kernel_size=3, strides=s, depth_multiplier=m, padding=p), [N(f"sc1{p}{s}", 2, 8, 3)]))
        for cls in ("MaxPooling1D", "AveragePooling1D"):
            for k, s in ((2, None), (3, 1), (3, 2)):
                c.append((f"{cls}_{p}_{k}_{s}", cls, dict(pool_size=k, strides=s, padding=p), [N(f"{cls}{p}{k}{s}", 2, 7, 3)]))
    c.append(("separable_conv1d_dilated_gelu", "SeparableConv1D", dict(filters=2, kernel_size=3, dilation_rate=2, activation="gelu", use_bias=False, padding="same"), [N("sc1d", 1, 7, 2)]))
    for cls in ("GlobalAveragePooling1D", "GlobalMaxPooling1D"):
        for keep in (False, True):
            c.append((f"{cls}_{keep}", cls, dict(keepdims=keep), [N(f"{cls}{keep}", 2, 5, 3)]))
    for i, p in enumerate((1, (0, 2), (3, 1))):
        c.append((f"zero_padding1d_{i}", "ZeroPadding1D", dict(padding=p), [N(f"zp{i}", 2, 4, 3)]))
        c.append((f"cropping1d_{i}", "Cropping1D", dict(cropping=p), [N(f"cr{i}", 2, 6, 3)]))
        c.append((f"up_sampling1d_{i}", "UpSampling1D", dict(size=i + 1), [N(f"us{i}", 2, 3, 2)]))
    T["sequence"] = ("layers over sequences [N, L, C]", c)
    # ---------------------------------------------------------------- transposed convolutions
    c = []
    for k in (1, 2, 3, 4, 5):
        for s in (1, 2, 3):
            for p in ("valid", "same"):
                c.append((f"k{k}_s{s}_{p}", "Conv2DTranspose", dict(filters=2, kernel_size=k, strides=s, padding=p), [N(f"t{k}{s}{p}", 1, 3, 4, 2)]))
    for p in ("valid", "same"):
        c.append((f"output_padding_{p}", "Conv2DTranspose", dict(filters=3, kernel_size=3, strides=2, padding=p, output_padding=1), [N(f"to{p}", 2, 3, 3, 2)]))
        c.append((f"output_padding_pair_{p}", "Conv2DTranspose", dict(filters=3, kernel_size=(5, 3), strides=(2, 3), padding=p, output_padding=(0, 2)), [N(f"to2{p}", 1, 3, 2, 2)]))
        c.append((f"nobias_relu_{p}", "Conv2DTranspose", dict(filters=2, kernel_size=3, padding=p, use_bias=False, activation="relu"), [N(f"td{p}", 1, 4, 5, 3)]))
    c.append(("one_pixel", "Conv2DTranspose", dict(filters=2, kernel_size=3, strides=2, padding="same"), [N("t1", 1, 1, 1, 3)]))
    c.append(("patches", "Conv2DTranspose", dict(filters=3, kernel_size=4, strides=4), [N("tp", 2, 2, 3, 5)]))
    T["conv2d_transpose"] = ("Conv2DTranspose", c)
    # ---------------------------------------------------------------- adaptive pooling
    # TensorFlow's gradient of a maximum over everything reads memory that it has not written.
    c = []
    for cls in ("AdaptiveAveragePooling", "AdaptiveMaxPooling"):
        for n, size in ((7, 3), (8, 3), (6, 2), (5, 5), (4, 1), (3, 5)):
            c.append((f"{cls}1D_{n}_{size}", cls + "1D", dict(output_size=size), [N(f"{cls}{n}{size}", 2, n, 2)], dict(grads=size > 1)))
        for h, w, size in ((7, 5, 2), (6, 9, (3, 4)), (8, 8, 4), (5, 4, (1, 1)), (3, 2, (4, 5))):
            c.append((f"{cls}2D_{h}x{w}_{size}".replace(" ", ""), cls + "2D", dict(output_size=size), [N(f"{cls}{h}{w}", 2, h, w, 2)], dict(grads=size != (1, 1))))
    T["adaptive_pooling"] = ("adaptive pooling", c)
    # ---------------------------------------------------------------- attention
    c = []
    q, v, k = N("q", 2, 3, 4), N("v", 2, 5, 6), N("k", 2, 5, 4)
    q3 = N("q3", 2, 4, 4)
    mask = np.array([[True, True, False, True, True], [True, False, False, True, False]])
    qmask = np.array([[True, True, False], [True, False, True]])
    for kw in ({}, dict(use_scale=True), dict(score_mode="concat"), dict(score_mode="concat", use_scale=True)):
        tag = "_".join(str(x) for x in kw.values()).lower()
        c.append((f"attention_{tag}", "Attention", kw, [q, v, k]))
        c.append((f"attention_causal_{tag}", "Attention", kw, [q3, q3], dict(call=dict(use_causal_mask=True))))
    c.append(("attention_scores", "Attention", dict(use_scale=True), [q, k], dict(call=dict(return_attention_scores=True))))
    c.append(("attention_dropout_inference", "Attention", dict(dropout=0.3, seed=3), [q, k], dict(training=False)))
    for kw in ({}, dict(use_scale=False)):
        c.append((f"additive_{len(kw)}", "AdditiveAttention", kw, [q, v[:, :, :4], k]))
        c.append((f"additive_causal_{len(kw)}", "AdditiveAttention", kw, [q3, q3], dict(call=dict(use_causal_mask=True))))
    M = "MultiHeadAttention"
    h = dict(num_heads=2, key_dim=3)
    am = rng_for(KEY, "mask").random((2, 3, 5)) < 0.6
    am[:, :, 0] = True
    none = am.copy()
    none[0, 1] = False
    c += [("mha_self", M, h, [q]), ("mha_query_value", M, h, [q, v]), ("mha_query_value_key", M, dict(h, value_dim=4), [q, v, k]), ("mha_output_shape", M, dict(h, output_shape=7, use_bias=False), [q, v]),
          ("mha_mask", M, h, [q, v], dict(call=dict(attention_mask=am))), ("mha_mask_nothing_left", M, h, [q, v], dict(call=dict(attention_mask=none))),
          ("mha_scores", M, h, [q, v], dict(call=dict(return_attention_scores=True, attention_mask=none))), ("mha_causal", M, h, [q3], dict(call=dict(use_causal_mask=True))),
          ("mha_causal_masked", M, h, [q, v], dict(call=dict(use_causal_mask=True, attention_mask=am))),
          ("mha_value_mask", M, h, [q, v], dict(call=dict(value_mask=mask))), ("mha_key_mask", M, h, [q, v, k], dict(call=dict(key_mask=mask, attention_mask=am))),
          ("mha_window", M, dict(h, sliding_window=2), [q, v]), ("mha_gate", M, dict(h, use_gate=True, value_dim=2), [q, v]), ("mha_dropout_inference", M, dict(h, dropout=0.4, seed=1), [q, v], dict(training=False)),
          ("mha_4d", M, h, [N("q4", 2, 2, 3, 4)]), ("mha_4d_axis_2", M, dict(h, attention_axes=2), [N("q42", 2, 2, 3, 4)]), ("mha_4d_axis_1", M, dict(h, attention_axes=(1,), value_dim=2), [N("q41", 2, 2, 3, 4), N("q41v", 2, 4, 3, 5)]),
          ("mha_4d_scores", M, h, [N("q4s", 1, 2, 2, 3)], dict(call=dict(return_attention_scores=True))),
          ("mha_regularized", M, dict(h, kernel_regularizer="l2", bias_regularizer="l1", kernel_constraint="max_norm", activity_regularizer="l2", kernel_initializer="he_normal"), [q, v])]
    G = "GroupQueryAttention"
    g = dict(head_dim=3, num_query_heads=4, num_key_value_heads=2)
    c += [("gqa_self", G, g, [q]), ("gqa_value_key", G, g, [q, v, k]), ("gqa_one_head", G, dict(g, num_key_value_heads=1, use_bias=False), [q, v]), ("gqa_same_heads", G, dict(g, num_key_value_heads=4), [q, v]),
          ("gqa_mask", G, g, [q, v], dict(call=dict(attention_mask=am))), ("gqa_causal", G, g, [q3], dict(call=dict(use_causal_mask=True))), ("gqa_gate_window", G, dict(g, use_gate=True, sliding_window=3), [q, v]),
          ("gqa_scores", G, g, [q, v], dict(call=dict(return_attention_scores=True))), ("gqa_masks", G, g, [q, v], dict(call=dict(query_mask=qmask, value_mask=mask)))]
    T["attention"] = ("Attention, AdditiveAttention, MultiHeadAttention, GroupQueryAttention; several inputs are a list", c)
    # ---------------------------------------------------------------- embedding, einsum, wrappers
    c = []
    E = "EinsumDense"
    for i, (eq, out, bias, shape) in enumerate((("ab,bc->ac", 5, "c", (3, 4)), ("abc,cd->abd", (None, 5), "d", (2, 3, 4)), ("abc,cde->abde", (None, 2, 3), "de", (2, 3, 4)), ("abcd,cde->abe", (None, 5), "e", (2, 2, 3, 4)),
                                                ("abc,bd->adc", (6, 4), "d", (2, 3, 4)), ("abc,bd->adc", (6, 4), "dc", (2, 3, 4)), ("...x,xy->...y", 5, "y", (2, 3, 4)), ("...x,xy->...y", 5, None, (2, 2, 3, 4)),
                                                ("ab...,bc->ac...", 3, "c", (2, 4, 5)), ("ab...,bc->ac...", 3, None, (2, 4, 3, 2)), ("abc,bcd->abd", (3, 5), "bd", (2, 3, 4)), ("abc,cb->ab", (3,), None, (2, 3, 4)))):
        c.append((f"einsum_{i}", E, dict(equation=eq, output_shape=out, bias_axes=bias, activation="tanh" if i % 3 == 0 else None), [N(f"e{i}", *shape)]))
    c += [("embedding", "Embedding", dict(input_dim=6, output_dim=3), [whole("em", 6, 2, 4)]), ("embedding_1d", "Embedding", dict(input_dim=5, output_dim=2, embeddings_initializer="ones"), [whole("em1", 5, 7)]),
          ("embedding_3d", "Embedding", dict(input_dim=4, output_dim=2, embeddings_regularizer="l2"), [whole("em3", 4, 2, 3, 2)])]
    D = lambda: keras.layers.Dense(3, activation="relu")
    c += [("time_distributed_dense", "TimeDistributed", dict(layer=D), [N("td", 2, 3, 4)]), ("time_distributed_conv", "TimeDistributed", dict(layer=lambda: keras.layers.Conv2D(2, 2)), [N("tdc", 2, 3, 4, 5, 2)]),
          ("time_distributed_norm", "TimeDistributed", dict(layer=lambda: keras.layers.BatchNormalization(momentum=0.8)), [N("tdn", 3, 2, 4)], dict(training=True, notes="statistics of each step, one after another")),
          ("time_distributed_norm_inference", "TimeDistributed", dict(layer=lambda: keras.layers.BatchNormalization()), [N("tdni", 3, 2, 4)], dict(training=False)),
          ("time_distributed_pool", "TimeDistributed", dict(layer=lambda: keras.layers.GlobalAveragePooling2D()), [N("tdp", 2, 3, 4, 4, 2)])]
    for training in (True, False):
        c.append((f"spectral_dense_{training}", "SpectralNormalization", dict(layer=lambda: keras.layers.Dense(3)), [N("sn", 4, 5)], dict(training=training)))
    c += [("spectral_conv", "SpectralNormalization", dict(layer=lambda: keras.layers.Conv2D(3, 2), power_iterations=3), [N("snc", 2, 4, 4, 2)], dict(training=True))]
    T["projection"] = ("EinsumDense, Embedding, TimeDistributed, SpectralNormalization", c)
    # ---------------------------------------------------------------- normalization and regularization
    c = []
    x3, x4 = N("x3", 2, 3, 4) + np.float32(0.5), N("x4", 2, 3, 2, 4) + np.float32(0.5)
    c += [("rms", "RMSNormalization", {}, [x3]), ("rms_eps", "RMSNormalization", dict(epsilon=1e-2), [x4]), ("rms_axes", "RMSNormalization", dict(axis=[2, 3]), [x4]),
          ("layer_norm_rms", "LayerNormalization", dict(rms_scaling=True), [x3], dict(notes="the variance divides, the mean stays")), ("layer_norm_rms_no_scale", "LayerNormalization", dict(rms_scaling=True, scale=False, axis=[1, 2]), [x3]),
          ("layer_norm_axis_1", "LayerNormalization", dict(axis=1), [x4]), ("layer_norm_axes_unsorted", "LayerNormalization", dict(axis=[3, 1]), [x4]), ("layer_norm_axes_mixed", "LayerNormalization", dict(axis=[-1, 1]), [x4]),
          ("group_norm_instance", "GroupNormalization", dict(groups=-1), [x4]), ("group_norm_layer", "GroupNormalization", dict(groups=1), [x4]), ("group_norm_axis_1", "GroupNormalization", dict(groups=3, axis=1), [x4]),
          ("group_norm_no_scale", "GroupNormalization", dict(groups=2, scale=False, epsilon=1e-5), [x3]), ("unit_axes", "UnitNormalization", dict(axis=[1, 2]), [x4]), ("unit_axis_1", "UnitNormalization", dict(axis=1), [x3]),
          ("unit_zeros", "UnitNormalization", {}, [np.zeros((2, 3), np.float32)])]
    for kw in (dict(l1=0.1), dict(l2=0.2), dict(l1=0.3, l2=0.4), {}):
        c.append((f"activity_{'_'.join(kw) or 'none'}", "ActivityRegularization", kw, [x3]))
    c += [("dense_regularized", "Dense", dict(units=3, kernel_regularizer="l2", bias_regularizer="l1", activity_regularizer={"class_name": "L1L2", "config": {"l1": 0.01, "l2": 0.02}}), [N("dr", 4, 5)]),
          ("conv_regularized", "Conv2D", dict(filters=2, kernel_size=2, kernel_regularizer={"class_name": "OrthogonalRegularizer", "config": {"factor": 0.01, "mode": "rows"}} if False else "l1", activity_regularizer="l2"), [N("cv", 2, 3, 3, 2)]),
          ("dense_frozen_regularized", "Dense", dict(units=3, kernel_regularizer="l2", activity_regularizer="l1"), [N("df", 4, 5)], dict(trainable=False, notes="a frozen layer has no penalty of its weights"))]
    for cls, kw in (("AlphaDropout", dict(rate=0.3)), ("GaussianDropout", dict(rate=0.3)), ("SpatialDropout1D", dict(rate=0.3)), ("GaussianNoise", dict(stddev=0.2)), ("Identity", {})):
        for training in (None, False):
            c.append((f"{cls}_{training}", cls, kw, [x3], dict(training=training)))
    c += [("alpha_dropout_rate0", "AlphaDropout", dict(rate=0.0), [x3], dict(training=True)), ("gaussian_dropout_rate0", "GaussianDropout", dict(rate=0.0), [x3], dict(training=True)),
          ("softmax_axes", "Softmax", dict(axis=(1, 2)), [x3]), ("softmax_mask", "Softmax", {}, [x3], dict(call=dict(mask=rng_for(KEY, "sm").random((2, 3, 4)) < 0.5), grads=False)),
          ("prelu_regularized", "PReLU", dict(alpha_regularizer="l2", shared_axes=[1]), [x3])]
    T["regularization"] = ("further normalization, penalties, masks of Softmax", c)
    return T


if __name__ == "__main__":
    only = sys.argv[2:]
    failed = []
    for path, (about, table) in tables().items():
        if only and path not in only:
            continue
        book = Book(sys.argv[1], "layers/" + path, "layers", about)
        for name, cls, kw, xs, *opt in table:
            try:
                run_layer(book, name.lower(), cls, kw, xs, **(opt[0] if opt else {}))
            except Exception as error:
                # One that Keras refuses must not hide the others.
                failed.append(f"{name}: {cls}({kw}): {type(error).__name__} {str(error)[:300]}")
        print("layers/" + path, book.save(), flush=True)
    sys.exit("\n".join(failed))
