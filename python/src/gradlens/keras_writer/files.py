"""The files of a TensorFlow.js layers model."""

import json
from pathlib import Path
from typing import Any

from gradlens.keras_writer.topology import convert_model
from gradlens.keras_writer.weights import name_weights
from gradlens.version import __version__

#: Bytes of one file of weights. Browsers cache files of this size.
SHARD_BYTES = 4 * 1024 * 1024


def to_tfjs(keras_model: Any) -> tuple[dict[str, Any], bytes]:
    """Convert a Keras 3 model to a TensorFlow.js layers model.

    Parameters
    ----------
    keras_model
        A Keras 3 model, sequential or functional, with any backend.

    Returns
    -------
    tuple[dict[str, Any], bytes]
        The topology (``modelTopology``) with the ``weightSpecs``, and the weights, one after the
        other.

    Raises
    ------
    InvalidArgumentError
        If it isn't such a model.
    UnsupportedError
        If TensorFlow.js has no equal layer, which is named.
    """
    topology = convert_model(keras_model)
    specs, values = [], []
    for name, value in name_weights(keras_model):
        specs.append({"name": name, "shape": list(value.shape), "dtype": "float32"})
        values.append(value.tobytes())
    model = {
        "modelTopology": {
            "keras_version": "2.15.0",
            "backend": "tensorflow",
            "model_config": topology,
        },
        "weightSpecs": specs,
    }
    return model, b"".join(values)


def tfjs(keras_model: Any, folder: str | Path) -> Path:
    """Write a Keras 3 model as a TensorFlow.js layers model.

    Parameters
    ----------
    keras_model
        A Keras 3 model, sequential or functional, with any backend.
    folder
        Where ``model.json`` and its weights go. It is created if it doesn't exist.

    Returns
    -------
    Path
        The path of ``model.json``, which ``tf.loadLayersModel`` and ``tfjsPredictor`` read.

    Raises
    ------
    InvalidArgumentError
        If it isn't such a model.
    UnsupportedError
        If TensorFlow.js has no equal layer, which is named.
    """
    model, weights = to_tfjs(keras_model)
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    count = max(1, -(-len(weights) // SHARD_BYTES))
    names = [f"weights-{index + 1}-of-{count}.bin" for index in range(count)]
    for index, name in enumerate(names):
        (target / name).write_bytes(weights[index * SHARD_BYTES : (index + 1) * SHARD_BYTES])
    path = target / "model.json"
    content = {
        "format": "layers-model",
        "generatedBy": f"gradlens {__version__}",
        "convertedBy": None,
        "modelTopology": model["modelTopology"],
        "weightsManifest": [{"paths": names, "weights": model["weightSpecs"]}],
    }
    path.write_text(json.dumps(content), encoding="utf-8")
    return path
