"""Writes explanations to TensorBoard's logs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gradlens.errors import InvalidArgumentError, describe

if TYPE_CHECKING:
    from gradlens.explanation import Explanation

#: The plugin's name in the logs.
PLUGIN_NAME = "gradlens"


def write_summary(writer: Any, tag: str, explanation: Explanation, step: int) -> None:
    """Write an explanation as a summary.

    Parameters
    ----------
    writer
        A ``SummaryWriter`` of torch or tensorboardX, or a writer of ``tf.summary``.
    tag
        The tag, such as ``'digit-4'``.
    explanation
        The explanation.
    step
        The training step.

    Raises
    ------
    InvalidArgumentError
        If it is another kind of writer.
    """
    frame = explanation.to_frame(dtype="float32")
    if hasattr(writer, "as_default"):
        import tensorflow as tf

        with writer.as_default():
            tf.summary.write(tag, tf.constant([frame]), step=step, metadata=_metadata())
        return
    get_file_writer = getattr(writer, "_get_file_writer", None)
    if get_file_writer is None:
        raise InvalidArgumentError(
            "to", describe(writer), "a SummaryWriter of torch or tensorboardX, or of tf.summary"
        )
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.compat.proto.tensor_pb2 import TensorProto
    from tensorboard.compat.proto.tensor_shape_pb2 import TensorShapeProto

    shape = TensorShapeProto(dim=[TensorShapeProto.Dim(size=1)])
    tensor = TensorProto(dtype="DT_STRING", string_val=[frame], tensor_shape=shape)
    value = Summary.Value(tag=tag, metadata=_metadata(), tensor=tensor)
    summary = Summary(value=[value])
    if type(writer).__module__.startswith("tensorboardX"):
        from tensorboardX.proto.summary_pb2 import Summary as OwnSummary

        summary = OwnSummary.FromString(summary.SerializeToString())
    get_file_writer().add_summary(summary, step)


def _metadata() -> Any:
    from tensorboard.compat.proto.summary_pb2 import DATA_CLASS_BLOB_SEQUENCE, SummaryMetadata

    return SummaryMetadata(
        plugin_data=SummaryMetadata.PluginData(plugin_name=PLUGIN_NAME),
        data_class=DATA_CLASS_BLOB_SEQUENCE,
    )
