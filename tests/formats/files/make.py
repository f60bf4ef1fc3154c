"""HDF5 files that a reader must understand or refuse. Needs h5py and numpy: python make.py, in this folder."""
import os
import h5py
import numpy as np

os.chdir(os.path.dirname(os.path.abspath(__file__)))
small = np.arange(6, dtype=np.float32).reshape(2, 3)


def make(name, fill, **options):
    with h5py.File(name + ".h5", "w", **options) as f:
        fill(f)


def kinds(f):
    for t in ("float16", "float32", "float64", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"):
        f[t] = small.astype(t)
    f["bool"] = small > 2
    f["big_endian_f4"] = small.astype(">f4")
    f["big_endian_i8"] = small.astype(">i8")
    f["scalar"] = np.float32(2.5)
    f["none"] = h5py.Empty("f4")
    f["zero_rows"] = np.zeros((0, 3), np.float32)
    f.create_dataset("gzip", data=np.zeros((64, 64), np.float32), compression="gzip", shuffle=True)
    f.create_dataset("chunked", data=small, chunks=(1, 2))
    bf = f.create_dataset("bfloat16", data=np.array([0x3F80, 0xC020, 0x7F80], np.uint16).view("V2"))
    bf.attrs["dtype"] = "bfloat16"
    f["text"] = ["a", "bc"]
    f["pairs"] = np.zeros(2, [("a", "i4"), ("b", "f4")])


def attributes(f):
    f.attrs["text"] = "Größe"
    f.attrs["bytes"] = b"tensorflow"
    f.attrs["names"] = np.array([b"a", b"bcd", "ü".encode()])
    f.attrs["vlen_names"] = ["x", "yz"]
    f.attrs["empty"] = []
    f.attrs["number"] = 3
    f.attrs["numbers"] = np.array([1.5, 2.5], np.float32)
    f.attrs["nothing"] = h5py.Empty("S1")
    f.attrs["long"] = "x" * 70000
    f.attrs["pair"] = np.zeros(1, [("a", "i4")])


def external_link(f):
    f["weights"] = h5py.ExternalLink("secret.h5", "/w")


def soft_link(f):
    f["real"] = small
    f["weights"] = h5py.SoftLink("/real")


def dangling_link(f):
    f["weights"] = h5py.SoftLink("/nowhere")


def virtual(f):
    layout = h5py.VirtualLayout((2, 3), np.float32)
    layout[...] = h5py.VirtualSource("secret.h5", "w", (2, 3))
    f.create_virtual_dataset("weights", layout)


def external_storage(f):
    f.create_dataset("weights", (2, 3), np.float32, external=[("/etc/passwd", 0, 24)])


def standard_input(f):
    f.create_dataset("weights", (2, 3), np.float32, external=[("/dev/stdin", 0, 24)])


def descriptor(f):
    f.create_dataset("weights", (2, 3), np.float32, external=[("/proc/self/fd/0", 0, 24)])


def circle(f):
    f.create_group("a")["again"] = f["/"]


def huge(f):
    f.create_dataset("weights", (1 << 20, 1 << 10), np.float32)


def huge_compressed(f):
    f.create_dataset("weights", (1 << 20, 1 << 10), np.float32, chunks=(1 << 10, 1 << 10), compression="gzip")


def huge_chunk(f):
    f.create_dataset("weights", (4, 4), np.float32, chunks=(1 << 13, 1 << 13), maxshape=(None, None), compression="gzip")


def beyond(f):
    f.create_dataset("weights", (1 << 40,), np.float32, chunks=(1 << 10,))


def many_names(f):
    d = f.create_dataset("d", data=np.zeros(1024, np.float32))
    for i in range(64):
        f["alias%d" % i] = d


def deep(f):
    g = f
    for _ in range(80):
        g = g.create_group("g")


def named_type(f):
    f["weights"] = np.dtype("f4")


for made in (kinds, attributes, external_link, soft_link, dangling_link, virtual, external_storage, standard_input, descriptor, circle, huge, huge_compressed, huge_chunk, beyond, many_names, deep, named_type):
    make(made.__name__, made)
make("newest", attributes, libver="latest")
make("ordered", lambda f: [f.create_dataset(n, data=small) for n in ("b", "a", "c")], track_order=True)
