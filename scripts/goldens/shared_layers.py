"""Model files in which one layer stands in several nested models, in the schema of tests/goldens/files.

    python scripts/goldens/shared_layers.py tests/goldens [--key KEY]

Needs the packages named in tests/goldens/README.md. Keras 3.15 cannot load most of these files itself: there is no round trip.
"""
import argparse
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "tests", "goldens", "make"))
from files import *  # noqa: E402,F403


def inner(name, *stack):
    i = keras.Input((4,), name=name + "_in")
    x = i
    for layer in stack:
        x = layer(x)
    return keras.Model(i, x, name=name)


def dense(name, units=4):
    return L.Dense(units, activation="tanh", name=name)


def two_functionals():
    """A layer in two functional models beside each other."""
    shared = dense("shared")
    x = keras.Input((4,), name="x")
    y = L.Add(name="add")([inner("a", shared, dense("a_d"))(x), inner("b", shared, dense("b_d"))(x)])
    return keras.Model(x, y, name="two_functionals")


def three_functionals():
    """A layer in three functional models, called twice in one of them."""
    shared = dense("shared")
    x = keras.Input((4,), name="x")
    y = L.Concatenate(name="cat")([inner("a", shared)(x), inner("b", shared, shared)(x), inner("c", shared)(x)])
    return keras.Model(x, y, name="three_functionals")


def outside_and_inside():
    """A layer of the outer model that the nested one calls, too; before and after it."""
    shared = dense("shared")
    x = keras.Input((4,), name="x")
    return keras.Model(x, shared(inner("in", shared, dense("d"))(shared(x))), name="outside_and_inside")


def sequentials():
    """A layer in two nested stacks."""
    shared = dense("shared")
    s, t = (keras.Sequential([keras.Input((4,)), shared, dense(n)], name=n + "_stack") for n in "st")
    x = keras.Input((4,), name="x")
    return keras.Model(x, L.Add(name="add")([s(x), t(x)]), name="sequentials")


def stack_in_stack():
    """A layer of a stack that the stack below holds as well."""
    shared = dense("shared")
    return keras.Sequential([keras.Input((4,)), keras.Sequential([shared, dense("d")], name="below"), shared], name="stack_in_stack")


def in_wrapper():
    """A layer that a wrapper holds, too."""
    shared = dense("shared")
    x = keras.Input((3, 4), name="x")
    return keras.Model(x, L.TimeDistributed(shared, name="each")(shared(x)), name="in_wrapper")


def shared_base():
    """A whole base in two nested models and in the outer one; one of its layers is called outside, too."""
    d, norm = dense("d"), L.BatchNormalization(name="norm")
    base = inner("base", d, norm)
    x = keras.Input((4,), name="x")
    y = L.Add(name="add")([inner("a", base)(x), inner("b", dense("b_d"), base)(x), base(x), norm(x)])
    return keras.Model(x, y, name="shared_base")


def equal_but_apart():
    """Two layers of equal name and options, of which a third place shares the second."""
    first, second = dense("twin"), L.Dense(4, activation="relu", name="twin")
    x = keras.Input((4,), name="x")
    y = L.Add(name="add")([inner("a", first)(x), inner("b", second)(x), inner("c", second, dense("e"))(x)])
    return keras.Model(x, y, name="equal_but_apart")


def save(out, book, build, key):
    reset()
    m = build()
    name = f"shared_{m.name}"
    fill(m, key + name)
    d = os.path.join(out, "files", name)
    os.makedirs(d, exist_ok=True)
    files = {"keras": f"{name}/model.keras", "weights_h5": f"{name}/model.weights.h5"}
    m.save(os.path.join(d, "model.keras"))
    fix_zip_dates(os.path.join(d, "model.keras"))
    m.save_weights(os.path.join(d, "model.weights.h5"))
    x = normal(rng_for(key, name, "x"), (3, *m.inputs[0].shape[1:]))
    book.add({
        "name": name, "notes": build.__doc__, "files": files, "trained_steps": 0,
        "inputs": [book.put(f"{name}/x0", x)], "outputs": [book.put(f"{name}/y0", m(tf.constant(x), training=False))],
        "weights": [{"path": w.path, "shape": tuple(w.shape), "dtype": w.dtype, "trainable": bool(w.trainable), "tensor": book.put(f"{name}/w{i}", w)} for i, w in enumerate(m.weights)],
        "weights_h5_tree": h5_tree(os.path.join(d, "model.weights.h5")), "lists": lists(m), "model_name": m.name,
    })


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("out")
    parser.add_argument("--key", default="shared")
    given = parser.parse_args()
    book = Book(given.out, "files/shared", "files", "Layers that stand in several nested models of one file.")
    for build in (two_functionals, three_functionals, outside_and_inside, sequentials, stack_in_stack, in_wrapper, shared_base, equal_but_apart):
        save(given.out, book, build, given.key)
    book.save()
