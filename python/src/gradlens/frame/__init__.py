"""Frames: explanations in one binary file, which docs/reference/frame.md specifies."""

from gradlens.frame.arrays import DType
from gradlens.frame.decode import decode_frame
from gradlens.frame.encode import encode_frame

__all__ = ["DType", "decode_frame", "encode_frame"]
