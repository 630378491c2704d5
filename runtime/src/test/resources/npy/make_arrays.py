"""Writes arrays.zip beside it: python3 make_arrays.py (needs numpy). What each file holds stands in NumpyArrayTest."""

import io
import zipfile
from pathlib import Path

import numpy as np
from numpy.lib import format as npy

HERE = Path(__file__).parent
TYPES = ["b1", "i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f2", "f4", "f8"]
archive = zipfile.ZipFile(HERE / "arrays.zip", "w", zipfile.ZIP_DEFLATED)


def save(name, array, version=(1, 0)):
    out = io.BytesIO()
    npy.write_array(out, array, version=version)
    archive.writestr(zipfile.ZipInfo(f"{name}.npy"), out.getvalue(), zipfile.ZIP_DEFLATED)


def counted(kind):  # 2x3x4: 0, 1, ..., the largest and smallest at the end
    values = np.arange(24) % 2 if kind == "b1" else np.arange(24)
    array = values.astype(kind).reshape(2, 3, 4)
    if kind[0] in "iu":
        array[1, 2, 2:] = np.iinfo(kind).min, np.iinfo(kind).max
    elif kind[0] == "f":
        array[1, 2, 1:] = np.nan, -np.inf, np.finfo(kind).tiny
    return array


for kind in TYPES:
    save(f"{kind}", counted(kind))
    save(f"{kind}_fortran", np.asfortranarray(counted(kind)))
    save(f"{kind}_big", counted(kind).astype(">" + kind))
save("version2", counted("i4"), (2, 0))
save("version3", counted("i4"), (3, 0))
save("scalar", np.array(7.5))
save("empty", np.zeros((0, 3), "f4"))
save("vector", np.array([1, 2], "i8"))
save("complex", np.zeros(3, "c8"))
save("structured", np.zeros(3, [("x", "f4"), ("y", "f4")]))
save("text", np.array(["a", "b"]))
archive.close()



def fnv(values):  # FNV-1a over 32-bit words
    checksum = 0x811C9DC5
    for value in values.tolist():
        checksum = (checksum ^ value) * 0x01000193 & 0xFFFFFFFF
    return f"{checksum:08x}"


# What HalfPrecisionTest compares with: every half as a float, and the nearest half of the floats around every border
# between two halves.
halves = np.arange(65536, dtype=np.uint32).astype(np.uint16).view(np.float16)
numbers = np.sort(np.unique(halves[np.isfinite(halves)].astype(np.float64)))
borders = np.concatenate([[-65520.0], (numbers[:-1] + numbers[1:]) / 2, [65520.0]]).astype(np.float32)
around = np.stack([np.nextafter(borders, np.float32(-np.inf)), borders, np.nextafter(borders, np.float32(np.inf))])
with np.errstate(over="ignore"):
    nearest = around.T.reshape(-1).astype(np.float16)
print("borders:", len(borders))
print("halves as floats, without NaN:", fnv(halves[~np.isnan(halves)].astype(np.float32).view(np.uint32)))
print("nearest halves:", fnv(nearest.view(np.uint16).astype(np.uint32)))
