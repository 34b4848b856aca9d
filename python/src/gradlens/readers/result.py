"""Attributions as they were found in a result."""

from dataclasses import dataclass
from typing import Any


@dataclass(kw_only=True)
class AttributionResult:
    """Attributions of a library, with what its result says about them."""

    attributions: Any
    """An array [n, …], or a list of them for several inputs."""
    x: Any = None
    """The explained examples, or None."""
    deltas: Any = None
    """The convergence deltas, or None."""
    target: Any = None
    """The explained output, or None."""
    labels: list[str] | None = None
    """The names of the outputs."""
    features: list[str] | None = None
    """The names of the features."""
    tokens: list[str] | None = None
    """The tokens of a text."""
    values: list[str] | None = None
    """The values of the first example's features, where they aren't numbers."""
    method: str | None = None
    """The name of the method."""
