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
        A ``SummaryWriter`` of torch or tensorboardX, a writer of ``tf.summary``, the module
        ``mlflow`` or a wandb run. Default: the active run.
    step
        The training step. TensorBoard has a slider over the steps.

    Raises
    ------
    InvalidArgumentError
        If no run is active, or ``to`` is something else.
    """
    given = to_explanation(explanation)
    target = _active_run() if to is None else to
    if getattr(target, "__name__", None) == "mlflow":
        _log_mlflow(target, given, name, step)
    elif type(target).__module__.split(".")[0] == "wandb":
        import wandb

        # The report is whole as it is, and refuses the style sheet that wandb would add.
        page = wandb.Html(html(given, title=name), inject=False)
        target.log({name: page}, step=step)
    elif hasattr(target, "add_scalar") or hasattr(target, "as_default"):
        from gradlens.tensorboard.summary import write_summary

        write_summary(target, name, given, step or 0)
    else:
        raise InvalidArgumentError(
            "to", describe(target), "a SummaryWriter, the module mlflow or a wandb run"
        )


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
        page.parent.mkdir(parents=True, exist_ok=True)
        html(explanation, page, title=name)
        frame.write_bytes(explanation.to_frame(dtype="float32"))
        mlflow.log_artifacts(folder, artifact_path="gradlens")
