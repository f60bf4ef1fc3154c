# Files that NumPy writes, for tests/formats/npy.test.ts. `python make.py`, with NumPy; the files are put beside it.
import os
import numpy as np
from numpy.lib import format as npy

folder = os.path.dirname(os.path.abspath(__file__))
base = np.array([[[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10, 11]], [[12, 13, 14, 15], [16, 17, 18, 19], [20, 21, 22, 23]]])

arrays = {}
for name in ["f2", "f4", "f8", "u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8"]:
    for order in "<>":
        array = base.astype(order + name) if name[0] == "u" else (base - 12).astype(order + name)
        if name[0] == "f":
            array = array / np.array(4, array.dtype)
        key = f"{'little' if order == '<' else 'big'}_{name}"
        arrays[key] = array.astype(order + name)
        arrays[f"{key}_fortran"] = np.asfortranarray(array.astype(order + name))
arrays["bool"] = base % 3 == 0
arrays["bool_fortran"] = np.asfortranarray(base % 3 == 0)
arrays["scalar"] = np.float32(1.5)
arrays["one"] = np.array([7], "<i8")
arrays["none"] = np.zeros((0, 3), "<f4")
arrays["extremes"] = np.array([-(2**31), 2**31 - 1], "<i8")
np.savez(os.path.join(folder, "kinds.npz"), **arrays)

for version in [(1, 0), (2, 0), (3, 0)]:
    with open(os.path.join(folder, f"version{version[0]}.npy"), "wb") as file:
        npy.write_array(file, np.asfortranarray(base[0].astype("<f4")), version=version)
np.save(os.path.join(folder, "too_large.npy"), np.array([1, 2**31], "<i8"))
np.save(os.path.join(folder, "object.npy"), np.array([{"a": 1}, None], object), allow_pickle=True)
np.save(os.path.join(folder, "text.npy"), np.array(["cat", "dog"]))
np.save(os.path.join(folder, "complex.npy"), np.array([1j]))
np.save(os.path.join(folder, "structured.npy"), np.array([(1, 2.0)], [("a", "<i4"), ("b", "<f8")]))
np.savez(os.path.join(folder, "object.npz"), good=base, bad=np.array([{}], object))
# All zeros: packed a thousand times.
np.savez_compressed(os.path.join(folder, "zeros.npz"), mask=np.zeros((1200, 1000, 1), "<f4"))

# The layout of keras.datasets: MNIST's (pictures without channels) and CIFAR's (labels with an axis of one).
random = np.random.default_rng(1)
for name, shape, tail in [("mnist", (4, 3), ()), ("cifar", (4, 3, 3), (1,))]:
    sets = {}
    for split, count in [("train", 10), ("test", 4)]:
        sets[f"x_{split}"] = (np.arange(count * int(np.prod(shape))) % 251).astype("u1").reshape((count, *shape))
        sets[f"y_{split}"] = random.integers(0, 4, (count, *tail)).astype("u1" if name == "mnist" else "<i8")
    sets["y_train"][0] = 4
    np.savez_compressed(os.path.join(folder, f"{name}.npz"), **sets)
    print(name, sets["y_train"].ravel().tolist(), sets["y_test"].ravel().tolist())
