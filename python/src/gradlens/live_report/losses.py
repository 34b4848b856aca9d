"""The losses of the JavaScript package."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gradlens.errors import InvalidArgumentError, describe

#: By Keras's names; those of the JavaScript package are the same in camelCase.
LOSSES = (
    "categorical_crossentropy",
    "categorical_crossentropy_from_logits",
    "sparse_categorical_crossentropy",
    "sparse_categorical_crossentropy_from_logits",
    "binary_crossentropy",
    "binary_crossentropy_from_logits",
    "categorical_focal_crossentropy",
    "categorical_focal_crossentropy_from_logits",
    "sparse_categorical_focal_crossentropy",
    "sparse_categorical_focal_crossentropy_from_logits",
    "binary_focal_crossentropy",
    "binary_focal_crossentropy_from_logits",
    "kullback_leibler_divergence",
    "kullback_leibler_divergence_from_logits",
    "hinge",
    "squared_hinge",
    "categorical_hinge",
    "mean_squared_error",
    "mean_absolute_error",
    "huber",
)


def read_loss(loss: str | Mapping[str, Any] | None, *, is_needed: bool) -> dict[str, Any] | None:
    """Read a loss by its name, or by its name with options, as the JavaScript package names them.

    Raises
    ------
    InvalidArgumentError
        If it isn't one of the losses, or a loss is needed and none is given.
    """
    if loss is None and not is_needed:
        return None
    given: dict[str, Any] = dict(loss) if isinstance(loss, Mapping) else {"name": loss}
    name = given.pop("name", None)
    if name not in LOSSES:
        raise InvalidArgumentError("loss", describe(name), f"one of {', '.join(LOSSES)}")
    options = {_camel_case(key): value for key, value in given.items()}
    return {"name": _camel_case(str(name)), **options}


def _camel_case(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(part.capitalize() for part in others)
