"""Keras graphs with operations between the layers: what Keras stores, and what the graph gives.

    python scripts/goldens/operations.py tests/models/files/operations.json

Needs the packages named in tests/goldens/README.md.
"""
import json
import os
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
import numpy as np  # noqa: E402
import keras  # noqa: E402
from keras import layers as L, ops  # noqa: E402


def twice(x, y):
    """One operation object, called twice."""
    from keras.src.ops.numpy import Add

    add = Add(name="shared_add")
    return add(add(x, y), 2.5)


vectors = dict(
    add_t=lambda x, y: x + y,
    add_c=lambda x, y: x + 1.5,
    radd=lambda x, y: 1 + x,
    sub=lambda x, y: x - y,
    rsub=lambda x, y: 2 - x,
    mul=lambda x, y: x * 2,
    div=lambda x, y: x / 2,
    rdiv=lambda x, y: 1 / (x * x + 1),
    floordiv=lambda x, y: x // 2,
    mod=lambda x, y: x % 2,
    pow=lambda x, y: x ** 2,
    rpow=lambda x, y: 2 ** x,
    neg=lambda x, y: -x,
    abs=lambda x, y: abs(x),
    matmul=lambda x, y: x @ ops.transpose(y, (0, 2, 1)),
    gt=lambda x, y: ops.cast(x > y, 'float32'),
    le=lambda x, y: ops.where(x <= 0.1, x, y),
    eq=lambda x, y: ops.where(ops.equal(x, y), 1.0, y),
    land=lambda x, y: ops.cast(ops.logical_and(x > 0, y > 0), 'float32'),
    inv=lambda x, y: ops.cast(~(x > 0), 'int32'),
    np_c=lambda x, y: x * np.arange(4, dtype='float32'),
    t_c=lambda x, y: x + ops.convert_to_tensor([1.0, 2.0, 3.0, 4.0]),
    np_s=lambda x, y: x * np.float32(2),
    get0=lambda x, y: x[:, 0],
    get_slice=lambda x, y: x[:, 1:3],
    get_neg=lambda x, y: x[:, -1],
    get_step=lambda x, y: x[:, ::2, ::-1],
    get_ell=lambda x, y: x[..., 0],
    get_new=lambda x, y: x[:, None],
    get_last=lambda x, y: x[..., -1:],
    get_ell_new=lambda x, y: x[..., None],
    get_two=lambda x, y: x[:, 1, 2],
    mean=lambda x, y: ops.mean(x, axis=1),
    mean_kw=lambda x, y: ops.mean(x, axis=(1, 2), keepdims=True),
    mean_all=lambda x, y: ops.expand_dims(ops.mean(x), 0),
    sum=lambda x, y: ops.sum(x, axis=-1),
    max=lambda x, y: ops.max(x, axis=1),
    min=lambda x, y: ops.min(x, axis=1, keepdims=True),
    var=lambda x, y: ops.var(x, axis=1),
    std=lambda x, y: ops.std(x, axis=-1),
    prod=lambda x, y: ops.prod(x, axis=1),
    argmax=lambda x, y: ops.argmax(x, axis=-1),
    argmin=lambda x, y: ops.argmin(x, axis=-1, keepdims=True),
    any=lambda x, y: ops.any(x > 0, axis=1),
    all=lambda x, y: ops.all(x > 0, axis=1),
    lse=lambda x, y: ops.logsumexp(x, axis=-1),
    norm=lambda x, y: ops.norm(x, axis=-1),
    normalize=lambda x, y: ops.normalize(x, axis=-1),
    cumsum=lambda x, y: ops.cumsum(x, axis=1),
    amax=lambda x, y: ops.amax(x, axis=1),
    average=lambda x, y: ops.average(x, axis=1),
    count=lambda x, y: ops.count_nonzero(x, axis=1),
    concat=lambda x, y: ops.concatenate([x, y], axis=-1),
    stack=lambda x, y: ops.stack([x, y], axis=1),
    reshape=lambda x, y: ops.reshape(x, (-1, 12)),
    transpose=lambda x, y: ops.transpose(x, (0, 2, 1)),
    transpose0=lambda x, y: ops.transpose(x),
    expand=lambda x, y: ops.expand_dims(x, 1),
    expand2=lambda x, y: ops.expand_dims(x, (1, -1)),
    squeeze=lambda x, y: ops.squeeze(ops.expand_dims(x, 1), 1),
    flip=lambda x, y: ops.flip(x, axis=1),
    repeat=lambda x, y: ops.repeat(x, 2, axis=1),
    tile=lambda x, y: ops.tile(x, (1, 2, 1)),
    pad=lambda x, y: ops.pad(x, ((0, 0), (1, 1), (0, 2))),
    pad_ref=lambda x, y: ops.pad(x, ((0, 0), (1, 1), (0, 0)), mode='reflect'),
    pad_c=lambda x, y: ops.pad(x, ((0, 0), (1, 1), (0, 2)), constant_values=3),
    split=lambda x, y: ops.split(x, 2, axis=-1)[1],
    split_i=lambda x, y: ops.split(x, [1, 3], axis=-1)[1],
    take=lambda x, y: ops.take(x, [0, 2], axis=1),
    take0=lambda x, y: ops.take(x, 1, axis=-1),
    swapaxes=lambda x, y: ops.swapaxes(x, 1, 2),
    moveaxis=lambda x, y: ops.moveaxis(x, 1, 2),
    roll=lambda x, y: ops.roll(x, 1, axis=1),
    unstack=lambda x, y: ops.unstack(x, axis=1)[0],
    ravel=lambda x, y: ops.ravel(x),
    hstack=lambda x, y: ops.hstack([x, y]),
    vstack=lambda x, y: ops.vstack([x, y]),
    exp=lambda x, y: ops.exp(x),
    log=lambda x, y: ops.log(abs(x) + 1),
    log1p=lambda x, y: ops.log1p(abs(x)),
    expm1=lambda x, y: ops.expm1(x),
    sqrt=lambda x, y: ops.sqrt(x * x),
    rsqrt=lambda x, y: ops.rsqrt(x * x + 1),
    square=lambda x, y: ops.square(x),
    tanh=lambda x, y: ops.tanh(x),
    sin=lambda x, y: ops.sin(x),
    cos=lambda x, y: ops.cos(x),
    sign=lambda x, y: ops.sign(x),
    floor=lambda x, y: ops.floor(x),
    ceil=lambda x, y: ops.ceil(x),
    round=lambda x, y: ops.round(x),
    reciprocal=lambda x, y: ops.reciprocal(x),
    clip=lambda x, y: ops.clip(x, -0.5, 0.5),
    maximum=lambda x, y: ops.maximum(x, y),
    minimum=lambda x, y: ops.minimum(x, 0),
    erf=lambda x, y: ops.erf(x),
    logaddexp=lambda x, y: ops.logaddexp(x, y),
    sqdiff=lambda x, y: ops.square(ops.subtract(x, y)),
    isnan=lambda x, y: ops.isnan(x),
    relu=lambda x, y: ops.relu(x),
    relu6=lambda x, y: ops.relu6(x),
    sigmoid=lambda x, y: ops.sigmoid(x),
    silu=lambda x, y: ops.silu(x),
    softplus=lambda x, y: ops.softplus(x),
    softsign=lambda x, y: ops.softsign(x),
    softmax=lambda x, y: ops.softmax(x, axis=1),
    logsoftmax=lambda x, y: ops.log_softmax(x),
    gelu=lambda x, y: ops.gelu(x),
    gelu_e=lambda x, y: ops.gelu(x, approximate=False),
    elu=lambda x, y: ops.elu(x),
    selu=lambda x, y: ops.selu(x),
    leaky=lambda x, y: ops.leaky_relu(x, 0.3),
    hs=lambda x, y: ops.hard_sigmoid(x),
    hsilu=lambda x, y: ops.hard_silu(x),
    htanh=lambda x, y: ops.hard_tanh(x),
    logsig=lambda x, y: ops.log_sigmoid(x),
    glu=lambda x, y: ops.glu(x),
    celu=lambda x, y: ops.celu(x),
    one_hot=lambda x, y: ops.one_hot(ops.argmax(x, axis=-1), 4),
    act_fn=lambda x, y: keras.activations.relu(x),
    act_relu6=lambda x, y: keras.activations.relu(x, max_value=6),
    act_gelu=lambda x, y: keras.activations.gelu(x),
    act_softmax=lambda x, y: keras.activations.softmax(x),
    act_hs=lambda x, y: keras.activations.hard_sigmoid(x),
    act_leaky=lambda x, y: keras.activations.leaky_relu(x),
    cast=lambda x, y: ops.cast(x, 'int32'),
    zeros_like=lambda x, y: ops.zeros_like(x) + y,
    ones_like=lambda x, y: ops.ones_like(x) * y,
    where=lambda x, y: ops.where(x > 0, x, y * 0.1),
    stopg=lambda x, y: ops.stop_gradient(x),
    topk=lambda x, y: ops.top_k(x, 2)[0],
    sort=lambda x, y: ops.sort(x, axis=-1),
    argsort=lambda x, y: ops.argsort(x, axis=-1),
    bn=lambda x, y: ops.batch_normalization(x, ops.zeros(4), ops.ones(4), axis=-1),
    identity=lambda x, y: ops.copy(x),
    absk=lambda x, y: ops.add(x1=x, x2=y),
    kw=lambda x, y: ops.multiply(x, x2=y),
    sliceop=lambda x, y: ops.slice(x, [0, 0, 1], [2, 3, 2]),
    isfin=lambda x, y: ops.isfinite(x),
    cond=lambda x, y: ops.logical_or(x > 0, y > 0),
    xor=lambda x, y: ops.logical_xor(x > 0, y > 0),
    l2n=lambda x, y: keras.utils.normalize(np.ones(3)) if 0 else ops.normalize(x, axis=1, order=1),
    cls_token=lambda x, y: L.Dense(2, name='head')(ops.concatenate([x, y], axis=1)[:, 0]),
    called_twice=lambda x, y: twice(x, y),
    top_k_both=lambda x, y: ops.add(*ops.top_k(x, 2)),
    halves=lambda x, y: ops.multiply(*ops.split(x, 2, axis=-1)),
)
pictures = dict(
    resize=lambda x, y: ops.image.resize(x, (4, 4)),
    resize2=lambda x, y: ops.image.resize(x, (12, 10), interpolation='nearest'),
    gray=lambda x, y: ops.image.rgb_to_grayscale(x),
    pool=lambda x, y: ops.average_pool(x, 2),
    mpool=lambda x, y: ops.max_pool(x, 3, strides=1, padding='same'),
    conv=lambda x, y: ops.conv(x, np.ones((3, 3, 3, 2), 'float32')),
    crop=lambda x, y: ops.image.crop_images(x, 1, 1, 4, 4),
    padi=lambda x, y: ops.image.pad_images(x, 1, 1, 10, 10),
    hsv=lambda x, y: ops.image.rgb_to_hsv(x),
    gap=lambda x, y: ops.mean(x, (1, 2)),
    getc=lambda x, y: x[..., ::-1],
    getcrop=lambda x, y: x[:, 1:-1, 2:, :2],
    dconv=lambda x, y: ops.depthwise_conv(x, np.ones((3, 3, 3, 1), 'float32'), padding='same'),
)

def round_trip(numbers):
    return [float(np.float32(v)) for v in np.asarray(numbers, np.float64).ravel()]


book = {"keras": keras.__version__, "groups": []}
rng = np.random.default_rng(1)
for group, shape in ((vectors, (3, 4)), (pictures, (6, 8, 3))):
    inputs = [rng.normal(size=(2, *shape)).astype("float32").round(3) for _ in range(2)]
    cases = []
    for name, call in group.items():
        keras.utils.clear_session()
        x, y = keras.Input(shape, name="x"), keras.Input(shape, name="y")
        model = keras.Model([x, y], call(x, y), name=name)
        model.set_weights([np.cos(np.arange(w.size, dtype="float32")).reshape(w.shape).round(3) for w in model.get_weights()])
        outputs = model([keras.ops.convert_to_tensor(v) for v in inputs])
        outputs = outputs if isinstance(outputs, (list, tuple)) else [outputs]
        weights = [round_trip(w) for w in model.get_weights()]
        cases.append({"name": name, "json": json.loads(model.to_json()), "weights": weights, "outputs": [{"shape": list(v.shape), "data": round_trip(np.array(v))} for v in outputs]})
    book["groups"].append({"shape": [2, *shape], "inputs": [round_trip(v) for v in inputs], "cases": cases})

with open(sys.argv[1], "w") as file:
    file.write(json.dumps(book, separators=(",", ":")).replace('{"name":"', '\n{"name":"') + "\n")
