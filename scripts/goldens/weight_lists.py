"""Further cases of training/weight_lists: other models, states and names.

    python scripts/goldens/weight_lists.py OUT
    TANUKI_GOLDENS=OUT npm run test:goldens

Nothing it writes is committed.
"""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "tests", "goldens", "make"))
from common import *  # noqa: E402,F403
import keras  # noqa: E402
from keras import layers as L  # noqa: E402
import training as make  # noqa: E402

lists = make.lists


def wide_transfer():
    base = make.make_base(7, (9, 9, 3))
    m = make.make_transfer(base, (9, 9, 3), classes=5)
    state = lambda text: {"state": text, "model": lists(m), "base": lists(base)}
    r = [state("as built")]
    base.trainable = False
    r.append(state("base frozen"))
    for l in base.layers[-3:]:
        l.trainable = True
    r.append(state("base frozen, last 3 layers of the base set trainable"))
    base.trainable = True
    base.layers[1].trainable = False
    r.append(state("b_conv frozen"))
    # With TensorFlow an assignment of the value that is there does nothing.
    base.trainable = False
    base.trainable = True
    for l in base.layers:
        if isinstance(l, L.BatchNormalization):
            l.trainable = False
    r.append(state("all BatchNormalization layers of the base frozen"))
    base.trainable = True
    m.trainable = False
    r.append(state("model frozen"))
    m.layers[-1].trainable = True
    r.append(state("nothing but the head may learn"))
    m.trainable = True
    r.append(state("unfrozen again"))
    return r


def deep_recursion():
    d = lambda n: L.Dense(4, activation="relu", name=n)
    innermost = keras.Sequential([keras.Input((4,)), d("a1"), d("a2")], name="innermost")
    inner = keras.Sequential([keras.Input((4,)), innermost, L.BatchNormalization(name="bn")], name="inner")
    m = keras.Sequential([keras.Input((4,)), inner, L.Dense(2, name="out")], name="outer")
    r = [{"state": "built", "model": lists(m), "inner": lists(inner)}]
    inner.trainable = False
    r.append({"state": "inner frozen", "model": lists(m), "inner": lists(inner), "innermost_trainable": innermost.trainable, "a1_trainable": innermost.layers[0].trainable})
    innermost.trainable = True
    r.append({"state": "inner frozen, innermost set trainable", "model": lists(m), "inner": lists(inner), "bn_trainable": inner.layers[1].trainable})
    m.trainable = False
    r.append({"state": "outer frozen", "model": lists(m)})
    return r


def functional_in_functional():
    i = keras.Input((8, 8, 3), name="in0")
    b = keras.Model(i, L.LayerNormalization(name="ln")(L.DepthwiseConv2D(3, padding="same", name="dw")(i)), name="backbone")
    j = keras.Input((8, 8, 3), name="image")
    m = keras.Model(j, L.Dense(3, name="probs")(L.GlobalMaxPooling2D(name="pool")(b(j))), name="whole")
    r = [{"state": "as built", "model": lists(m), "backbone": lists(b)}]
    b.trainable = False
    r.append({"state": "backbone frozen", "model": lists(m), "backbone": lists(b)})
    b.layers[-1].trainable = True
    r.append({"state": "backbone frozen, its last LayerNormalization set trainable", "model": lists(m), "backbone": lists(b)})
    return r


def leaves():
    n = lambda l: {"weights": [w.path for w in l.weights], "trainable": [w.path for w in l.trainable_weights], "non_trainable": [w.path for w in l.non_trainable_weights]}
    r = []
    for text, l, shape in (("Conv2D(4, 3)", L.Conv2D(4, 3), (None, 8, 8, 3)), ("SeparableConv2D(4, 3, use_bias=False)", L.SeparableConv2D(4, 3, use_bias=False), (None, 8, 8, 3)), ("BatchNormalization(scale=False)", L.BatchNormalization(scale=False), (None, 4)),
                           ("LayerNormalization", L.LayerNormalization(), (None, 4)), ("PReLU on (None,4)", L.PReLU(), (None, 4)), ("Embedding(5, 3)", L.Embedding(5, 3), (None, 4)), ("GroupNormalization(2)", L.GroupNormalization(2), (None, 4)),
                           ("Dense(3, use_bias=False) on (None,4)", L.Dense(3, use_bias=False), (None, 4)), ("Dense named mine", L.Dense(3, name="mine"), (None, 4)), ("DepthwiseConv2D created with trainable=False", L.DepthwiseConv2D(3, trainable=False), (None, 8, 8, 3))):
        l.build(shape)
        r.append({"state": text, **n(l)})
        if not text.endswith("False") and l.weights:
            l.trainable = False
            r.append({"state": "frozen", **n(l)})
            l.trainable = True
            r.append({"state": "unfrozen", **n(l)})
    m = L.MultiHeadAttention(2, 3)
    m.build((None, 5, 4), (None, 5, 4))
    r.append({"state": "MultiHeadAttention(2, 3) on (None,5,4)", **n(m)})
    return r


def names():
    r = []
    ls = [L.Dense(1), L.Dense(1), L.Conv1D(1, 1), L.Conv2DTranspose(1, 1), L.Conv2D(1, 1, name="stem"), L.Conv2D(1, 1), L.SpatialDropout2D(0.1), L.GaussianDropout(0.1), L.Embedding(2, 3), L.MultiHeadAttention(1, 1), L.GroupNormalization(1), L.UnitNormalization(), L.Lambda(lambda x: x), L.Identity(), L.Dot(axes=1),
          L.Concatenate(), L.Concatenate(), L.Average(), L.Flatten(), L.Reshape((1,)), L.Permute((1,)), L.RepeatVector(2), L.RandomZoom(0.1), L.RandomContrast(0.1), L.RandomBrightness(0.1), L.RandomCrop(2, 2), L.EinsumDense("ab,bc->ac", output_shape=1), L.UnitNormalization(), L.Normalization(), L.ZeroPadding1D(), L.AveragePooling1D(2), L.GlobalMaxPooling1D(), keras.Sequential(), L.RMSNormalization()]
    r.append({"state": "automatic names", "names": [[type(l).__name__, l.name] for l in ls]})
    i = keras.Input((2,)); i2 = keras.Input((2,)); i3 = keras.Input((2,))
    a, b, c = (keras.Model(t, L.Dense(1)(t)) for t in (i, i2, i3))
    r.append({"state": "three functional models", "names": [a.name, b.name, c.name, a.layers[0].name, b.layers[0].name, c.layers[0].name, a.layers[1].name, b.layers[1].name, c.layers[1].name]})
    s = keras.Sequential([keras.Input((2,)), L.Dense(1)]); s2 = keras.Sequential([keras.Input((2,)), L.Dense(1)])
    k = keras.Model(i, L.Dense(1)(i))
    r.append({"state": "built Sequentials", "names": [s.name, s2.name, k.name]})
    O = keras.optimizers
    r.append({"state": "optimizers", "names": [x.name for x in (O.Nadam(), O.Lion(), O.Lamb(), O.Adadelta(), O.Adafactor(), O.Ftrl(), O.SGD(), O.SGD(), O.Adamax(), O.Adagrad(), O.Muon(), O.LossScaleOptimizer(O.SGD()))]})
    M = keras.metrics
    r.append({"state": "metrics", "names": [x.name for x in (M.Mean(), M.Mean(), M.Sum(), M.Recall(), M.Recall(), M.CategoricalAccuracy(), M.SparseCategoricalAccuracy(), M.SparseTopKCategoricalAccuracy(), M.R2Score(), M.FBetaScore(), M.MeanIoU(2), M.BinaryIoU(), M.TruePositives(), M.CosineSimilarity(), M.KLDivergence(), M.Poisson(), M.LogCoshError(), M.Accuracy(), M.PrecisionAtRecall(0.5))]})
    S = keras.losses
    r.append({"state": "losses", "names": [x.name for x in (S.CategoricalCrossentropy(), S.SparseCategoricalCrossentropy(), S.LogCosh(), S.Poisson(), S.KLDivergence(), S.Hinge(), S.SquaredHinge(), S.CategoricalHinge(), S.CosineSimilarity(), S.MeanAbsoluteError(), S.MeanAbsolutePercentageError(), S.BinaryFocalCrossentropy(), S.CategoricalFocalCrossentropy(), S.Dice(), S.Tversky())]})
    return r


def other_res_net():
    m = make.res_net(w=4, classes=3, sep=False, size=(9, 7, 3), act="swish")
    r = [{"state": "depth-sorted layers", "model": lists(m)}]
    for l in m.layers[:5]:
        l.trainable = False
    r.append({"state": "first 5 layers frozen", "model": lists(m)})
    return r


if __name__ == "__main__":
    make.lists_book(sys.argv[1], [("wide_transfer", wide_transfer), ("deep_recursion", deep_recursion), ("functional_in_functional", functional_in_functional), ("leaves", leaves), ("names", names), ("other_res_net", other_res_net),
                                  ("seq", lambda: [{"state": "layers", "model": lists(make.seq_net(6))}]), ("dense", lambda: [{"state": "layers", "model": lists(make.dense_net(9, "relu", 4))}])])
