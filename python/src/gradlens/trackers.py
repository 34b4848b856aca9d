"""Explanations in experiment trackers."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

from gradlens.constructors import explanation as to_explanation
from gradlens.errors import InvalidArgumentError, describe
from gradlens.report import html


def log(explanation: Any, name: str, *, to: Any = None, step: int | None = None) -> None:
    """Log an explanation to the active MLflow or Weights & Biases run, or to TensorBoard.

    Parameters
    ----------
    explanation
        An explanation, or what :func:`gradlens.explanation` accepts.
    name
        The name of the artifact, media or tag, such as ``'digit-4'``.
    to
        A ``SummaryWriter`` of torch or tensorboardX, a writer of ``tf.summary``, an MLflow client
        module or a wandb run. Default: the active run.
    step
        The training step. TensorBoard has a slider over the steps.

    Raises
    ------
    InvalidArgumentError
        If no run is active, or ``to`` is something else.
    """
    given = to_explanation(explanation)
    target = _active_run() if to is None else to
    kind = type(target).__module__.split(".")[0]
    if kind == "module" or getattr(target, "__name__", "") == "mlflow":
        _log_mlflow(target, given, name, step)
    elif kind == "wandb":
        import wandb

        target.log({name: wandb.Html(html(given, title=name))}, step=step)
    elif hasattr(target, "add_scalar") or hasattr(target, "as_default"):
        from gradlens.tensorboard.summary import write_summary

        write_summary(target, name, given, step or 0)
    else:
        raise InvalidArgumentError("to", describe(target), "a SummaryWriter or a wandb run")


def _active_run() -> Any:
    mlflow = sys.modules.get("mlflow")
    if mlflow is not None and mlflow.active_run() is not None:
        return mlflow
    wandb = sys.modules.get("wandb")
    run = getattr(wandb, "run", None)
    if run is None:
        raise InvalidArgumentError(
            "to", "no active run", "an active MLflow or wandb run, or a SummaryWriter"
        )
    return run


def _log_mlflow(mlflow: Any, explanation: Any, name: str, step: int | None) -> None:
    base = name if step is None else f"{name}-{step}"
    with tempfile.TemporaryDirectory() as folder:
        page, frame = Path(folder) / f"{base}.html", Path(folder) / f"{base}.safetensors"
        html(explanation, page, title=name)
        frame.write_bytes(explanation.to_frame(dtype="float32"))
        for file in (page, frame):
            mlflow.log_artifact(str(file), artifact_path="gradlens")
