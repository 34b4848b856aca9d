"""Explanations: what was explained, by what, and the arrays that came out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from gradlens.errors import InvalidArgumentError, describe
from gradlens.frame import DType, decode_frame, encode_frame
from gradlens.version import __version__


class Explanation:
    """An explanation, in alibi's schema, with what the elements need to show it.

    Parameters
    ----------
    meta
        ``name``, ``type``, ``explanations``, ``params`` and ``version`` of the explainer. What is
        missing is filled in.
    data
        The arrays and lists, by alibi's names: ``attributions``, ``X``, ``target``, ``scores``, …
        Each is a field of the explanation too.
    side
        What an element needs in addition, by the name of its property in snake_case: ``labels``,
        ``tokens``, ``features``, ``train_labels``, …

    Raises
    ------
    InvalidArgumentError
        If ``meta``, ``data`` or ``side`` isn't a dictionary.
    """

    def __init__(
        self,
        meta: Mapping[str, Any],
        data: Mapping[str, Any],
        side: Mapping[str, Any] | None = None,
    ) -> None:
        for argument, value in (("meta", meta), ("data", data), ("side", side or {})):
            if not isinstance(value, Mapping):
                raise InvalidArgumentError(argument, describe(value), "a dictionary")
        usual: dict[str, Any] = {
            "name": "Explanation",
            "type": [],
            "explanations": ["local"],
            "params": {},
            "version": __version__,
        }
        self.meta: Mapping[str, Any] = MappingProxyType(usual | dict(meta))
        self.data: Mapping[str, Any] = MappingProxyType(dict(data))
        self.side: Mapping[str, Any] = MappingProxyType(
            {key: value for key, value in (side or {}).items() if value is not None}
        )

    def __getattr__(self, name: str) -> Any:
        data = self.__dict__.get("data", {})
        if name in data:
            return data[name]
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *self.data})

    def __repr__(self) -> str:
        from gradlens.sentence import describe_explanation

        return f"<gradlens.Explanation: {describe_explanation(self)}>"

    def _repr_mimebundle_(self, **_: Any) -> Any:
        from gradlens.notebook import display_bundle

        return display_bundle(self)

    @property
    def is_similarity(self) -> bool:
        """Whether it ranks training examples, rather than attributing to an input."""
        return "scores" in self.data and "ordered_indices" in self.data

    @property
    def is_prediction(self) -> bool:
        """Whether it has only the model's outputs."""
        return "predictions" in self.data and "attributions" not in self.data

    def to_frame(self, *, dtype: DType | None = None) -> bytes:
        """Encode the explanation as a frame, a safetensors file.

        Parameters
        ----------
        dtype
            The type of floating-point arrays: ``'float32'``, ``'float16'``, or None to keep it.

        Returns
        -------
        bytes
            The frame, which the elements and :func:`gradlens.load` read.
        """
        return encode_frame(self.meta, self.data, self.side, dtype=dtype)

    @classmethod
    def from_frame(cls, frame: bytes | bytearray | memoryview) -> Explanation:
        """Decode a frame.

        Parameters
        ----------
        frame
            The bytes of the file.

        Returns
        -------
        Explanation
            The explanation.

        Raises
        ------
        InvalidArgumentError
            If it isn't a complete and undamaged frame.
        """
        content = decode_frame(frame)
        return cls(content["meta"], content["data"], content["side"])

    def to_json(self) -> str:
        """Write the explanation as JSON in alibi's schema.

        Returns
        -------
        str
            The text. NaN and infinities are the texts ``"NaN"``, ``"Infinity"``, ``"-Infinity"``.
        """
        return json.dumps(
            {"meta": _to_json(self.meta), "data": _to_json(self.data)}, allow_nan=False
        )

    @classmethod
    def from_json(cls, text: str | bytes) -> Explanation:
        """Read an explanation from JSON that alibi or gradlens wrote.

        Parameters
        ----------
        text
            The JSON text.

        Returns
        -------
        Explanation
            The explanation. Lists of numbers are arrays.

        Raises
        ------
        InvalidArgumentError
            If it isn't an explanation.
        """
        try:
            value = json.loads(text)
        except ValueError as error:
            raise InvalidArgumentError("text", describe(text), "JSON of an explanation") from error
        if not isinstance(value, dict) or not {"meta", "data"} <= set(value):
            raise InvalidArgumentError("text", describe(value), "JSON of an explanation")
        data = {key: _from_json(key, field) for key, field in value["data"].items()}
        return cls(value["meta"], data)


_LISTS_OF_ARRAYS = {"attributions"}
_PLAIN = {"non_finite", "not_reached", "attribution_names"}
_NAMED_NUMBERS = {"NaN", "Infinity", "-Infinity"}


def _to_json(value: Any) -> Any:
    if isinstance(value, np.generic | np.ndarray):
        value = value.tolist()
    if isinstance(value, Mapping):
        return {str(key): _to_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_to_json(item) for item in value]
    if isinstance(value, float) and not np.isfinite(value):
        return "NaN" if np.isnan(value) else ("Infinity" if value > 0 else "-Infinity")
    return (
        value if value is None or isinstance(value, str | bool | int | float) else describe(value)
    )


def _from_json(key: str, value: Any) -> Any:
    if not isinstance(value, list) or key in _PLAIN:
        return value
    if key in _LISTS_OF_ARRAYS:
        return [_to_array(item) for item in value]
    return _to_array(value)


def _to_array(value: Any) -> Any:
    if not _is_numeric(value):
        return value
    try:
        array = np.array(value, dtype=np.float64)
    except ValueError:
        return value
    whole = array.size and np.isfinite(array).all() and not _has_fraction(value)
    return array.astype(np.int64) if whole else array


def _is_numeric(value: Any) -> bool:
    if isinstance(value, list):
        return all(_is_numeric(item) for item in value)
    return value in _NAMED_NUMBERS if isinstance(value, str) else isinstance(value, int | float)


def _has_fraction(value: Any) -> bool:
    if isinstance(value, list):
        return any(_has_fraction(item) for item in value)
    return not isinstance(value, int)
