"""The arrays of a frame: their types in the file, and their bytes."""

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from gradlens.errors import InvalidArgumentError, UnsupportedError
from gradlens.frame.canonical_json import MAX_SAFE_INTEGER

DType = Literal["float32", "float16"]

#: numpy's types by the names in the file. Little-endian, whatever the machine.
NUMPY_TYPES: dict[str, np.dtype[Any]] = {
    "F64": np.dtype("<f8"),
    "F32": np.dtype("<f4"),
    "F16": np.dtype("<f2"),
    "I64": np.dtype("<i8"),
    "U64": np.dtype("<u8"),
    "I32": np.dtype("<i4"),
    "U32": np.dtype("<u4"),
    "I16": np.dtype("<i2"),
    "U16": np.dtype("<u2"),
    "I8": np.dtype("i1"),
    "U8": np.dtype("u1"),
    "BOOL": np.dtype("u1"),
    "BF16": np.dtype("<u2"),
}
_NAMES = {
    NUMPY_TYPES[name]: name
    for name in ("F64", "F32", "F16", "I32", "U32", "I16", "U16", "I8", "U8")
}
_MAX_FLOAT16 = 65504.0
_MIN_EXPONENT, _MAX_EXPONENT = -125, 113


def to_file_array(
    name: str, values: NDArray[Any], dtype: DType | None
) -> tuple[str, NDArray[Any], int | None]:
    """Convert an array to a type of the file.

    Parameters
    ----------
    name
        The array's name, for messages.
    values
        The values.
    dtype
        The type of floating-point arrays; None keeps it.

    Returns
    -------
    tuple[str, NDArray[Any], int | None]
        The type's name, the little-endian values, and the exponent of their scale.

    Raises
    ------
    InvalidArgumentError
        For integers beyond 2**53, or numbers beyond float32.
    UnsupportedError
        For an array of another kind, such as texts or complex numbers.
    """
    kind = values.dtype.kind
    if kind == "b":
        return "U8", values.astype("u1"), None
    if kind in "iu":
        values = narrow_integers(name, values) if values.dtype.itemsize == 8 else values
        if values.dtype.kind == "f":
            return _floats(name, values, dtype)
        return _named(values)
    if kind == "f":
        if values.dtype.itemsize > 8:
            values = values.astype(np.float64)
        return _floats(name, values, dtype)
    raise UnsupportedError(
        f"the array {name} of dtype {values.dtype}", "Convert it to numbers or to a list of texts."
    )


def narrow_integers(name: str, values: NDArray[Any]) -> NDArray[Any]:
    """Convert 64-bit integers to int32 if they fit, otherwise to float64.

    Parameters
    ----------
    name
        The array's name, for messages.
    values
        The integers.

    Returns
    -------
    NDArray[Any]
        The same values.

    Raises
    ------
    InvalidArgumentError
        If one is beyond 2**53.
    """
    if values.size == 0:
        return values.astype(np.int32)
    least, greatest = int(values.min()), int(values.max())
    if least >= -(2**31) and greatest < 2**31:
        return values.astype(np.int32)
    if least >= -MAX_SAFE_INTEGER and greatest <= MAX_SAFE_INTEGER:
        return values.astype(np.float64)
    beyond = least if least < -MAX_SAFE_INTEGER else greatest
    raise InvalidArgumentError(name, str(beyond), "integers up to 2**53")


def _named(values: NDArray[Any]) -> tuple[str, NDArray[Any], None]:
    little = values.astype(values.dtype.newbyteorder("<"), copy=False)
    return _NAMES[little.dtype], little, None


def _floats(
    name: str, values: NDArray[Any], dtype: DType | None
) -> tuple[str, NDArray[Any], int | None]:
    if dtype == "float16":
        exponent, scaled = _scale_to_float16(values)
        return "F16", _one_nan(scaled), exponent
    if dtype == "float32" or values.dtype.itemsize == 2:
        with np.errstate(over="ignore"):
            rounded = values.astype(np.float32)
        if np.any(np.isinf(rounded) & np.isfinite(values)):
            raise InvalidArgumentError(name, "numbers beyond float32", "dtype=None or 'float16'")
        values = rounded
    file_name, little, _ = _named(values)
    return file_name, _one_nan(little), None


def _scale_to_float16(values: NDArray[Any]) -> tuple[int | None, NDArray[np.float16]]:
    exact = values.astype(np.float64)
    finite = np.abs(exact[np.isfinite(exact)])
    greatest = _round_to_11_bits(float(finite.max())) if finite.size else 0.0
    if greatest == 0 or 2.0**-4 <= greatest <= _MAX_FLOAT16:
        return None, exact.astype("<f2")
    power = int(np.frexp(greatest)[1]) - 1
    exponent = min(max(power - 14, _MIN_EXPONENT), _MAX_EXPONENT)
    return exponent, np.asarray(np.ldexp(exact, -exponent), "<f2")


def _round_to_11_bits(value: float) -> float:
    fraction, power = np.frexp(value)
    return float(np.ldexp(np.rint(np.ldexp(fraction, 11)), power - 11))


def _one_nan(values: NDArray[Any]) -> NDArray[Any]:
    """Give every NaN the same bits: no sign, and only the highest bit of the fraction."""
    missing = np.isnan(values)
    if not missing.any():
        return values
    bits: NDArray[Any] = values.copy().view(f"<u{values.dtype.itemsize}")
    bits[missing] = {2: 0x7E00, 4: 0x7FC00000, 8: 0x7FF8000000000000}[values.dtype.itemsize]
    return bits.view(values.dtype)


def from_file_array(
    name: str, file_name: str, content: memoryview, shape: tuple[int, ...], exponent: int | None
) -> NDArray[Any]:
    """Read an array of the file.

    Parameters
    ----------
    name
        The array's name, for messages.
    file_name
        Its type's name in the file.
    content
        Its bytes, of the right length.
    shape
        Its shape.
    exponent
        The exponent of its scale, for float16.

    Returns
    -------
    NDArray[Any]
        The values, read-only views of the bytes where the types allow it.

    Raises
    ------
    InvalidArgumentError
        For integers beyond 2**53.
    """
    values: NDArray[Any] = np.frombuffer(content, dtype=NUMPY_TYPES[file_name]).reshape(shape)
    if file_name == "F16":
        wide: NDArray[Any] = values.astype(np.float32)
        if exponent is not None:
            wide = np.asarray(np.ldexp(wide, exponent))
        return wide
    if file_name == "BF16":
        bits: NDArray[Any] = np.asarray(values.astype(np.uint32) << np.uint32(16), np.uint32)
        return bits.view(np.float32)
    if file_name in ("I64", "U64"):
        return narrow_integers(name, values)
    return values.astype(values.dtype.newbyteorder("="), copy=False)
