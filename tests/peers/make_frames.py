"""Writes tests/fixtures/frames/ by docs/reference/frame.md, without this repository's code.

    pip install numpy==2.3.5 safetensors==0.8.0 rfc8785==0.1.4
    python tests/peers/make_frames.py

safetensors writes the arrays and reads the result; rfc8785 writes the canonical JSON.
"""

import json
import struct
import sys
import zlib
from pathlib import Path

import numpy as np
import rfc8785
from safetensors import safe_open

FOLDER = Path(__file__).parent.parent / "fixtures" / "frames"
NAMES = {"float64": "F64", "float32": "F32", "float16": "F16", "int32": "I32", "uint8": "U8", "int8": "I8"}


def store(array, dtype):
    """The array as it is stored, and the exponent of its scale."""
    if array.dtype == bool:
        return array.astype("u1"), 0
    if array.dtype == np.int64:
        fits = array.size == 0 or (array.min() >= -(2**31) and array.max() < 2**31)
        return array.astype("i4" if fits else "f8"), 0
    if array.dtype.kind != "f" or dtype is None:
        return array, 0
    single = array.astype(np.float32)
    finite = np.abs(single[np.isfinite(single)])
    m = finite.max(initial=0.0)
    fraction, e = np.frexp(np.float64(m))
    m = np.ldexp(np.rint(fraction * 2048) / 2048, e)  # rint: ties to even
    if m == 0 or 2**-4 <= m <= 65504:
        return single.astype(np.float16), 0
    exponent = max(int(np.frexp(m)[1]) - 1 - 14, -125)
    return np.ldexp(single, -exponent).astype(np.float16), exponent


def write(path, explanation, side, dtype=None):
    arrays = []

    def document(value, name):
        if isinstance(value, np.ndarray):
            stored, exponent = store(value, dtype)
            arrays.append((name, stored))
            return {"$array": name, **({"exponent": exponent} if exponent else {})}
        if isinstance(value, dict):
            keys = sorted(value, key=lambda key: key.encode("utf-16-be"))
            inner = {key: document(value[key], f"{name}.{quote(key)}".lstrip(".")) for key in keys}
            return {"$object": inner} if any(key.startswith("$") for key in keys) else inner
        if isinstance(value, list):
            return [document(item, f"{name}.{i}") for i, item in enumerate(value)]
        if isinstance(value, float) and not np.isfinite(value):
            return {"$number": {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}[str(value)]}
        return value

    def quote(key):
        plain = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-"
        return "".join(chr(b) if b in plain else f"%{b:02X}" for b in key.encode())

    texts = document({**explanation, "side": side}, "")
    arrays.sort(key=lambda pair: -pair[1].itemsize)
    side_text = rfc8785.dumps(texts.pop("side")).decode()
    header = {
        "__metadata__": {
            "checksum": "0" * 8,
            "explanation": rfc8785.dumps(texts).decode(),
            "format": "gradlens-frame",
            "gradlens": json.loads(Path("package.json").read_text())["version"],
            "side": side_text,
            "version": "1",
        }
    }
    end = 0
    for name, array in arrays:
        start, end = end, end + array.nbytes
        header[name] = {
            "dtype": NAMES[array.dtype.name],
            "shape": list(array.shape),
            "data_offsets": [start, end],
        }
    text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    data = struct.pack("<Q", len(text)) + text + b"".join(array.tobytes() for _, array in arrays)
    checksum = f"{zlib.crc32(data):08x}".encode()
    path.write_bytes(data[:37] + checksum + data[45:])
    with safe_open(path, "numpy") as file:
        for name, array in arrays:
            np.testing.assert_array_equal(file.get_tensor(name), array)


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    meta = {
        "name": "IntegratedGradients",
        "type": ["whitebox"],
        "explanations": ["local"],
        "params": {"n_steps": 50, "layer": None, "tolerance": 1e-7, "scale": float("inf"), "big": 1e21},
        "version": "0.9.4",
    }
    some = np.random.default_rng(4).normal(size=(2, 3, 5))
    specials = np.array([np.nan, np.inf, -np.inf, -0.0, 5e-324, 1.7976931348623157e308])
    several = {
        "attributions": [some.astype("f4"), some[0] * 1e-6],
        "X": [some.astype("f4") * 255, np.array([["a", "naïve 😀"]]).tolist()],
        "target": np.array([4, -1]),
        "ordered_indices": np.array([[2**40, 3]]),
        "is_used": np.array([True, False]),
        "deltas": specials,
        "non_finite": [[1, 2], []],
        "nothing": np.zeros((0, 4), "f4"),
        "scalar": np.array(2.5),
    }
    side = {
        "labels": ["cat", "</script>\u2028\"\\\n\x01"],
        "train_labels": np.array([0, 1, 1], "i1"),
        "of_user": {"$array": "text", "ключ.x": np.array([1.5, -2.5], "f4")},
    }
    write(FOLDER / "several.safetensors", {"meta": meta, "data": several}, side)
    small = {
        "attributions": [some * 1e-9, some * 1e6, some.astype("f4"), specials[:4], some * 1e-43],
        "deltas": np.array([1e-45, 0]),
        "at_the_edge": np.array([65519.0, 1.0]),
        "rounded_up": np.array([32767.9e3, 1.0, -1e-3]),
    }
    write(FOLDER / "float16.safetensors", {"meta": meta, "data": small}, {}, "float16")
    write(FOLDER / "empty.safetensors", {"meta": {**meta, "params": {}}, "data": {}}, {})


sys.exit(main())
