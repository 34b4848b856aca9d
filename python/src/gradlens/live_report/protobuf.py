"""Reading protobuf messages, as far as ONNX files need it."""

from __future__ import annotations

from collections.abc import Iterator

from gradlens.errors import InvalidArgumentError

Field = tuple[int, int | bytes]


def read_fields(message: bytes) -> Iterator[Field]:
    """Read the fields of a message.

    Parameters
    ----------
    message
        Its bytes.

    Yields
    ------
    Field
        The number of each field, and its integer, or its bytes.

    Raises
    ------
    InvalidArgumentError
        If the bytes are no such message, or are cut off.
    """
    at = 0
    while at < len(message):
        tag, at = _read_integer(message, at)
        number, kind = tag >> 3, tag & 7
        if kind == 0:
            value, at = _read_integer(message, at)
            yield number, value
            continue
        length = {1: 8, 5: 4}.get(kind)
        if kind == 2:
            length, at = _read_integer(message, at)
        if length is None or at + length > len(message):
            raise _damaged(message)
        yield number, message[at : at + length]
        at += length


def _read_integer(message: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while at < len(message) and shift < 64:
        byte = message[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
        shift += 7
    raise _damaged(message)


def _damaged(message: bytes) -> InvalidArgumentError:
    got = f"{len(message)} bytes that can't be read"
    return InvalidArgumentError("model", got, "the contents of an .onnx file")
