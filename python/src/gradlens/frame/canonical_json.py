"""JSON that Python and JavaScript write alike (RFC 8785, with lone surrogates)."""

import math
import re
from typing import Any

from gradlens.errors import InvalidArgumentError

#: The greatest integer up to which float64 has all of them.
MAX_SAFE_INTEGER = 2**53
#: Objects and lists are nested at most this deep.
MAX_DEPTH = 64

_SHORT = {8: "\\b", 9: "\\t", 10: "\\n", 12: "\\f", 13: "\\r", 34: '\\"', 92: "\\\\"}
_SPECIAL = re.compile('[\x00-\x1f"\\\\\ud800-\udfff]')


def write_canonical(value: Any, depth: int = 0) -> str:
    """Write a value as canonical JSON.

    Parameters
    ----------
    value
        None, a boolean, number, text, list or dictionary with texts as keys.
    depth
        How deep the value is nested.

    Returns
    -------
    str
        The JSON text.

    Raises
    ------
    InvalidArgumentError
        For a number that isn't finite, an integer beyond 2**53, or too deep a value.
    """
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _write_text(value)
    if isinstance(value, int | float):
        return write_number(value)
    if depth >= MAX_DEPTH:
        raise InvalidArgumentError(
            "explanation", f"values nested more than {MAX_DEPTH} deep", "flatter data"
        )
    if isinstance(value, list):
        return "[" + ",".join(write_canonical(item, depth + 1) for item in value) + "]"
    members = (
        f"{_write_text(key)}:{write_canonical(value[key], depth + 1)}"
        for key in sorted(value, key=utf16_units)
    )
    return "{" + ",".join(members) + "}"


def utf16_units(text: str) -> bytes:
    """Return the sort key of a text: its UTF-16 code units."""
    return text.encode("utf-16-be", "surrogatepass")


def write_number(value: float) -> str:
    """Write a number as ECMAScript does.

    Parameters
    ----------
    value
        A finite number.

    Returns
    -------
    str
        The shortest digits that give the same float64.

    Raises
    ------
    InvalidArgumentError
        For a number that isn't finite, or an integer beyond 2**53.
    """
    if isinstance(value, int):
        if abs(value) > MAX_SAFE_INTEGER:
            raise InvalidArgumentError("explanation", str(value), "integers up to 2**53")
        return str(value)
    if not math.isfinite(value):
        raise InvalidArgumentError("explanation", repr(value), "finite numbers")
    if value == 0:
        return "0"
    sign = "-" if value < 0 else ""
    digits, exponent = _shortest_digits(abs(value))
    count = len(digits)
    # As in Number::toString of ECMA-262: the value is 0.digits times 10 to the exponent.
    if count <= exponent <= 21:
        return f"{sign}{digits}{'0' * (exponent - count)}"
    if 0 < exponent <= 21:
        return f"{sign}{digits[:exponent]}.{digits[exponent:]}"
    if -6 < exponent <= 0:
        return f"{sign}0.{'0' * -exponent}{digits}"
    power = f"e{exponent - 1:+d}"
    fraction = f".{digits[1:]}" if count > 1 else ""
    return f"{sign}{digits[0]}{fraction}{power}"


def _shortest_digits(value: float) -> tuple[str, int]:
    mantissa, _, power = repr(value).partition("e")
    whole, _, fraction = mantissa.partition(".")
    fraction = "" if fraction == "0" else fraction
    digits = (whole + fraction).lstrip("0")
    leading = len(whole + fraction) - len(digits)
    exponent = len(whole) - leading + int(power or 0)
    return digits.rstrip("0") or "0", exponent


def _write_text(text: str) -> str:
    return f'"{_SPECIAL.sub(_escape, text)}"'


def _escape(found: re.Match[str]) -> str:
    code = ord(found.group())
    return _SHORT.get(code) or f"\\u{code:04x}"
