"""Writes files for the tests of package npy, with NumPy, and checks those that it wrote.

    golden.py write DIR    prints a line for each file: name, type, shape, what it is
    golden.py check DIR    fails unless DIR has what DIR/list.txt says, in the same form
"""
import os
import sys

import numpy as np
from numpy.lib import format

TYPES = ["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float16", "float32", "float64", "bool"]
SHAPES = [(), (0,), (1,), (5,), (70000,), (2, 3), (3, 1), (2, 3, 4), (3, 0, 2), (1, 2, 1, 2, 1, 2, 1, 3)]


def values(dtype, shape):
    n = int(np.prod(shape))
    return (np.arange(n) % (2 if dtype == "bool" else 100)).astype(dtype).reshape(shape)


def text(shape):
    return "x".join(map(str, shape)) or "-"


def write(directory):
    def line(name, dtype, shape, what):
        print(name, dtype, text(shape), what)

    def save(name, array, what, **options):
        with open(os.path.join(directory, name), "wb") as f:
            if options:
                format.write_array(f, array, **options)
            else:
                np.save(f, array)
        line(name, array.dtype.name, array.shape, what)

    for dtype in TYPES:
        for shape in SHAPES:
            a = values(dtype, shape)
            name = dtype + "_" + text(shape)
            save(name + "_c.npy", a, "good")
            save(name + "_f.npy", np.asfortranarray(a), "good")
    a = values("float32", (4, 6))
    save("version2.npy", a, "good", version=(2, 0))
    save("version3.npy", a, "good", version=(3, 0))
    save("strided.npy", values("int64", (4, 6))[::2, ::3], "strided")
    save("special.npy", np.array([np.nan, np.inf, -np.inf, -0.0, 5e-324]), "special")
    save("bigendian.npy", values("float64", (3,)).astype(">f8"), "big-endian")
    save("bigendian4.npy", values("int32", (3,)).astype(">i4"), "big-endian")
    save("complex.npy", values("complex128", (3,)), "not read")
    save("text.npy", np.array(["a", "bc"]), "not read")
    save("date.npy", np.array(["2026-01-01"], dtype="datetime64[D]"), "not read")
    save("structure.npy", np.zeros(2, dtype=[("x", "<f4"), ("y", "<i4")]), "structures")
    save("object.npy", np.array([{}, None], dtype=object), "not read")
    save("rank9.npy", np.zeros((1,) * 9), "9 axes")
    with open(os.path.join(directory, "two.npy"), "wb") as f:
        np.save(f, values("int16", (5,)))
        np.save(f, values("float64", (2, 3)))
    line("two.npy", "int16", (5,), "two")
    archive = {"a": values("float32", (2, 3)), "b/c": np.asfortranarray(values("int64", (3, 1))), "d": values("bool", (70000,))}
    np.savez(os.path.join(directory, "stored.npz"), **archive)
    np.savez_compressed(os.path.join(directory, "compressed.npz"), **archive)


def check(directory):
    n = 0
    with open(os.path.join(directory, "list.txt")) as f:
        for row in f:
            name, key, dtype, shape = row.split()
            a = np.load(os.path.join(directory, name), allow_pickle=False)
            if key != "-":
                a = a[key]
            want = values(dtype, () if shape == "-" else tuple(map(int, shape.split("x"))))
            if a.dtype != want.dtype or a.shape != want.shape or not np.array_equal(a, want):
                sys.exit(f"{name} {key}: {a!r}, and it should be {want!r}")
            n += 1
    print(n)


{"write": write, "check": check}[sys.argv[1]](sys.argv[2])
