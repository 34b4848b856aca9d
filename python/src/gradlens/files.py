"""Explanations in files."""

from pathlib import Path
from typing import Any

from gradlens.constructors import explanation as to_explanation
from gradlens.errors import InvalidArgumentError
from gradlens.explanation import Explanation
from gradlens.frame import DType


def save(explanation: Any, path: str | Path, *, dtype: DType | None = None) -> Path:
    """Write an explanation to a file.

    Parameters
    ----------
    explanation
        An explanation, or what :func:`gradlens.explanation` accepts.
    path
        A path that ends in ``.safetensors`` (a frame) or ``.json``.
    dtype
        The type of a frame's floating-point arrays: ``'float32'``, ``'float16'``, or None to keep
        it.

    Returns
    -------
    Path
        The path.

    Raises
    ------
    InvalidArgumentError
        For another ending.
    """
    target = Path(path)
    given = to_explanation(explanation)
    if target.suffix == ".safetensors":
        target.write_bytes(given.to_frame(dtype=dtype))
    elif target.suffix == ".json":
        target.write_text(given.to_json(), encoding="utf-8")
    else:
        raise InvalidArgumentError("path", str(path), "a name that ends in .safetensors or .json")
    return target


def load(path: str | Path) -> Explanation:
    """Read an explanation from a file that gradlens or alibi wrote.

    Parameters
    ----------
    path
        A path that ends in ``.safetensors`` (a frame) or ``.json``.

    Returns
    -------
    Explanation
        The explanation.

    Raises
    ------
    InvalidArgumentError
        For another ending, or a file that isn't an explanation.
    """
    source = Path(path)
    if source.suffix == ".safetensors":
        return Explanation.from_frame(source.read_bytes())
    if source.suffix == ".json":
        return Explanation.from_json(source.read_bytes())
    raise InvalidArgumentError("path", str(path), "a name that ends in .safetensors or .json")
