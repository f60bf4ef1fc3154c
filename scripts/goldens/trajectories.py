"""Golden trajectories that the shipped set has none of: attention across sequences, optimizers whose state is built in the step.

    python scripts/goldens/trajectories.py tests/goldens
"""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "..", "tests", "goldens", "make"))
from common import Book
import keras
from keras import layers as L
from training import SCCE, data, dense_net, trajectory

KEY = "further"


def patches(name, size):
    i = keras.Input((8, 8, 3), name=name + "_image")
    x = L.Conv2D(6, size, strides=size, name=name + "_patch")(i)
    return i, L.Reshape((-1, 6), name=name + "_rows")(x)


def cross_attention(by_keyword=False):
    i, x = patches("a", 4)
    y = L.Reshape((-1, 6), name="fine_rows")(L.Conv2D(6, 2, strides=2, name="fine")(i))
    attention = L.MultiHeadAttention(2, 3, name="attention")
    z = attention(x, value=y, key=y, use_causal_mask=True) if by_keyword else attention(x, y)
    z = L.LayerNormalization(name="norm")(L.Add(name="add")([x, z]))
    return keras.Model(i, L.Dense(3, name="head")(L.GlobalAveragePooling1D(name="pool")(z)), name="cross")


def run(out):
    book = Book(out, "training/trajectories_further", "trajectories", "as trajectories.json")

    def batches(tag, shape):
        x, y = data(KEY, tag, 18, shape, 3, "float")
        return [(x[i:i + 6], y[i:i + 6]) for i in range(0, 18, 6)]

    T = lambda name, build, optimizer, shape, **k: trajectory(book, name, build, KEY + name, optimizer, SCCE, ["accuracy"], batches(name, shape), 15, **k)
    T("cross_attention", cross_attention, ("SGD", dict(learning_rate=0.1)), (8, 8, 3))
    T("cross_attention_keywords", lambda: cross_attention(True), ("Adam", dict(learning_rate=0.01)), (8, 8, 3))
    T("nadam", dense_net, ("Nadam", dict(learning_rate=0.01)), (5,), notes="the path of a variable that is built within the step")
    T("adafactor", dense_net, ("Adafactor", dict(learning_rate=0.01)), (5,))
    print("training/trajectories_further", book.save())


if __name__ == "__main__":
    run(sys.argv[1])
