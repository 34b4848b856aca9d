"""Reads frames."""

import json
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from gradlens.errors import InvalidArgumentError
from gradlens.frame.arrays import NUMPY_TYPES, from_file_array
from gradlens.frame.canonical_json import MAX_DEPTH, MAX_SAFE_INTEGER

_MAX_HEADER = 100_000_000
_CHECKSUM_AT = 37
_NUMBERS = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")}


def decode_frame(frame: bytes | bytearray | memoryview) -> dict[str, Any]:
    """Decode a frame.

    Parameters
    ----------
    frame
        The bytes of the file.

    Returns
    -------
    dict[str, Any]
        ``meta``, ``data`` and ``side``, with numpy arrays, and ``version``, that of the package
        that wrote the frame.

    Raises
    ------
    InvalidArgumentError
        If it isn't a complete and undamaged frame. The message says what is wrong.
    """
    content = memoryview(bytes(frame))
    header, body = _read_header(content)
    metadata = header.pop("__metadata__", None)
    if not _is_metadata(metadata):
        raise _broken("a file without gradlens's metadata")
    if metadata["format"] != "gradlens-frame":
        raise _broken(f"the format {metadata['format']!r}")
    if metadata["version"] != "1":
        raise _broken(f"version {metadata['version']!r} of the format; install a newer gradlens")
    _check_checksum(content, metadata["checksum"])
    entries = _read_entries(header, len(body))
    used: set[str] = set()

    def restore(value: Any, depth: int = 0) -> Any:
        if depth > MAX_DEPTH + 2:
            raise _broken(f"values nested more than {MAX_DEPTH} deep")
        if isinstance(value, list):
            return [restore(item, depth + 1) for item in value]
        if not isinstance(value, dict):
            return value
        if "$array" in value:
            return _restore_array(value)
        if set(value) == {"$number"}:
            return _restore_number(value["$number"])
        if set(value) == {"$object"} and isinstance(value["$object"], dict):
            return {key: restore(item, depth + 1) for key, item in value["$object"].items()}
        if any(key.startswith("$") for key in value):
            raise _broken(f"an object with the key {next(iter(value))!r}")
        return {key: restore(item, depth + 1) for key, item in value.items()}

    def _restore_array(value: Mapping[str, Any]) -> Any:
        name, exponent = value["$array"], value.get("exponent")
        is_exponent = exponent is None or (type(exponent) is int and -125 <= exponent <= 113)
        if not set(value) <= {"$array", "exponent"} or name not in entries or not is_exponent:
            raise _broken(f"a reference to the array {name!r}")
        if name in used:
            raise _broken(f"the array {name!r}, used twice")
        used.add(name)
        file_name, shape, begin, end = entries[name]
        if exponent is not None and file_name != "F16":
            raise _broken(f"the array {name!r} of {file_name} with an exponent")
        return from_file_array(name, file_name, body[begin:end], shape, exponent)

    parsed = {key: _parse(metadata[key], key) for key in ("explanation", "side")}
    explanation, side = restore(parsed["explanation"]), restore(parsed["side"])
    is_explanation = (
        isinstance(explanation, dict)
        and isinstance(explanation.get("meta"), dict)
        and isinstance(explanation.get("data"), dict)
        and isinstance(side, dict)
    )
    if not is_explanation:
        raise _broken("an explanation without meta or data")
    unused = sorted(set(entries) - used)
    if unused:
        raise _broken(f"the array {unused[0]!r}, which nothing uses")
    return {**explanation, "side": side, "version": metadata["gradlens"]}


def _read_header(content: memoryview) -> tuple[dict[str, Any], memoryview]:
    if len(content) < 8:
        raise _broken(f"a file of {len(content)} bytes")
    length = int.from_bytes(content[:8], "little")
    if length > _MAX_HEADER or 8 + length > len(content):
        raise _broken(f"a header of {length} bytes in a file of {len(content)}")
    header = _parse(bytes(content[8 : 8 + length]), "header")
    if not isinstance(header, dict):
        raise _broken("a header that isn't an object")
    return header, content[8 + length :]


def _parse(text: str | bytes, what: str) -> Any:
    try:
        if isinstance(text, bytes):
            text = text.decode("utf-8")
        return json.loads(text, parse_constant=_refuse_constant, parse_int=_read_integer)
    except (ValueError, RecursionError) as error:
        raise _broken(f"{what} that isn't JSON") from error


def _read_integer(digits: str) -> int | float:
    """Read an integer as JavaScript does: beyond 2**53, it is a float."""
    value = int(digits)
    return value if abs(value) <= MAX_SAFE_INTEGER else float(value)


def _refuse_constant(name: str) -> float:
    raise ValueError(name)


def _is_metadata(metadata: Any) -> bool:
    keys = ("checksum", "explanation", "format", "gradlens", "side", "version")
    return isinstance(metadata, dict) and all(isinstance(metadata.get(key), str) for key in keys)


def _check_checksum(content: memoryview, stated: str) -> None:
    place = content[_CHECKSUM_AT : _CHECKSUM_AT + 8]
    if bytes(place) != stated.encode():
        raise _broken("a checksum in another place")
    actual = zlib.crc32(content[:_CHECKSUM_AT])
    actual = zlib.crc32(b"00000000", actual)
    actual = zlib.crc32(content[_CHECKSUM_AT + 8 :], actual)
    if f"{actual:08x}" != stated:
        raise _broken(f"the checksum {stated} of a file that has {actual:08x}: it is damaged")


def _read_entries(
    header: Mapping[str, Any], size: int
) -> dict[str, tuple[str, tuple[int, ...], int, int]]:
    entries: dict[str, tuple[str, tuple[int, ...], int, int]] = {}
    at = 0
    for name, entry in header.items():
        if not isinstance(entry, dict) or set(entry) != {"dtype", "shape", "data_offsets"}:
            raise _broken(f"the array {name!r} without dtype, shape or data_offsets")
        file_name, shape, offsets = entry["dtype"], entry["shape"], entry["data_offsets"]
        if file_name not in NUMPY_TYPES:
            raise _broken(f"the array {name!r} of dtype {file_name!r}")
        if not _are_lengths(shape) or not _are_lengths(offsets) or len(offsets) != 2:
            raise _broken(f"the array {name!r} with shape {shape!r} at {offsets!r}")
        begin, end = offsets
        length = NUMPY_TYPES[file_name].itemsize
        for extent in shape:
            length *= extent
        if begin != at or end - begin != length or end > size:
            raise _broken(f"the array {name!r} of {length} bytes at {begin} to {end} of {size}")
        entries[name] = (file_name, tuple(shape), begin, end)
        at = end
    if at != size:
        raise _broken(f"{size} bytes of arrays, of which {at} are described")
    return entries


def _are_lengths(values: Any) -> bool:
    return isinstance(values, list) and all(
        type(value) is int and 0 <= value <= 2**53 for value in values
    )


def _restore_number(name: Any) -> float:
    if name not in _NUMBERS:
        raise _broken(f"the number {name!r}")
    return float(np.float64(_NUMBERS[name]))


def _broken(what: str) -> InvalidArgumentError:
    return InvalidArgumentError("frame", what, "a complete frame, as gradlens writes it")
