"""Writes Keras 3 models as TensorFlow.js layers models."""

from gradlens.keras_writer.files import tfjs, to_tfjs

__all__ = ["tfjs", "to_tfjs"]
