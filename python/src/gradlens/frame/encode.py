"""Writes frames."""

import re
import zlib
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from gradlens.errors import InvalidArgumentError, describe
from gradlens.frame.arrays import NUMPY_TYPES, DType, to_file_array
from gradlens.frame.canonical_json import utf16_units, write_canonical
from gradlens.version import __version__

_CHECKSUM_AT = 37
_UNSAFE = re.compile(rb"[^A-Za-z0-9_-]")


def encode_frame(
    meta: Mapping[str, Any],
    data: Mapping[str, Any],
    side: Mapping[str, Any] | None = None,
    *,
    dtype: DType | None = None,
) -> bytes:
    """Encode an explanation as a frame, a safetensors file that docs/reference/frame.md specifies.

    Parameters
    ----------
    meta
        The explanation's meta: name, type, explanations, params and version.
    data
        Its data, with alibi's names.
    side
        What an element needs in addition, by the name of its property in snake_case.
    dtype
        The type of floating-point arrays. None keeps it.

    Returns
    -------
    bytes
        The frame.

    Raises
    ------
    InvalidArgumentError
        For values that JSON doesn't have, or numbers that don't fit.
    """
    if dtype not in (None, "float32", "float16"):
        raise InvalidArgumentError("dtype", describe(dtype), "'float32', 'float16' or None")
    arrays: list[tuple[str, str, np.ndarray[Any, Any]]] = []

    def mark(value: Any, path: tuple[str, ...]) -> Any:
        if isinstance(value, np.generic):
            value = value.item()
        if isinstance(value, np.ndarray):
            if value.dtype.kind in "OUS":
                return mark(value.tolist(), path)
            name = ".".join(_escape_key(part) for part in path)
            file_name, content, exponent = to_file_array(name, value, dtype)
            arrays.append((name, file_name, content))
            return {"$array": name} if exponent is None else {"$array": name, "exponent": exponent}
        if isinstance(value, float) and not np.isfinite(value):
            return {"$number": _name_number(value)}
        if isinstance(value, Mapping):
            return _mark_mapping(value, path)
        if isinstance(value, list | tuple):
            return [mark(item, (*path, str(index))) for index, item in enumerate(value)]
        if value is None or isinstance(value, str | bool | int | float):
            return value
        return describe(value)

    def _mark_mapping(value: Mapping[str, Any], path: tuple[str, ...]) -> Any:
        keys = sorted((str(key) for key in value), key=utf16_units)
        by_text = {str(key): item for key, item in value.items()}
        marked = {key: mark(by_text[key], (*path, key)) for key in keys}
        return {"$object": marked} if any(key.startswith("$") for key in keys) else marked

    marked_data = mark(dict(data), ("data",))
    marked_meta = mark(dict(meta), ("meta",))
    marked_side = mark(dict(side or {}), ("side",))
    explanation = write_canonical({"data": marked_data, "meta": marked_meta})
    metadata = {
        "checksum": "00000000",
        "explanation": explanation,
        "format": "gradlens-frame",
        "gradlens": __version__,
        "side": write_canonical(marked_side),
        "version": "1",
    }
    # sorted() is stable: arrays of the same size stay in the order in which they occur.
    arrays.sort(key=lambda entry: -NUMPY_TYPES[entry[1]].itemsize)
    header = ",".join(
        [f'"__metadata__":{write_canonical(metadata)}', *_describe_arrays(arrays)]
    ).encode("utf-8")
    header = b"{" + header + b"}"
    header += b" " * (-len(header) % 8)
    content = b"".join(
        [len(header).to_bytes(8, "little"), header, *(a.tobytes() for *_, a in arrays)]
    )
    checksum = f"{zlib.crc32(content):08x}".encode()
    return content[:_CHECKSUM_AT] + checksum + content[_CHECKSUM_AT + 8 :]


def _describe_arrays(arrays: list[tuple[str, str, np.ndarray[Any, Any]]]) -> Iterator[str]:
    offset = 0
    for name, file_name, content in arrays:
        end = offset + content.nbytes
        shape = ",".join(str(length) for length in content.shape)
        yield (
            f'{write_canonical(name)}:{{"dtype":"{file_name}","shape":[{shape}],'
            f'"data_offsets":[{offset},{end}]}}'
        )
        offset = end


def _escape_key(key: str) -> str:
    escaped = _UNSAFE.sub(
        lambda found: f"%{found.group()[0]:02X}".encode(), key.encode("utf-8", "surrogatepass")
    )
    return escaped.decode("ascii")


def _name_number(value: float) -> str:
    if np.isnan(value):
        return "NaN"
    return "Infinity" if value > 0 else "-Infinity"
