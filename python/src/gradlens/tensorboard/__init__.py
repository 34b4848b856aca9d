"""TensorBoard: a tab that shows logged explanations."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gradlens.tensorboard.plugin import GradlensPlugin

__all__ = ["GradlensPlugin"]


def __getattr__(name: str) -> Any:
    # gradlens.log writes summaries where TensorBoard's server isn't installed.
    if name == "GradlensPlugin":
        from gradlens.tensorboard.plugin import GradlensPlugin

        return GradlensPlugin
    raise AttributeError(f"module 'gradlens.tensorboard' has no attribute {name!r}")
