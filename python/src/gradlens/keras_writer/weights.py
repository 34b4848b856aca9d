"""The weights of a Keras 3 model, by TensorFlow.js's names."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

#: Weights that TensorFlow.js calls by another name.
_RENAMED: Mapping[tuple[str, str], str] = {("DepthwiseConv2D", "kernel"): "depthwise_kernel"}


def name_weights(model: Any) -> Iterator[tuple[str, NDArray[np.float32]]]:
    """List a model's weights with their names.

    Parameters
    ----------
    model
        A Keras 3 model.

    Yields
    ------
    tuple[str, NDArray[np.float32]]
        The name, ``layer/weight``, and the values. TensorFlow.js finds weights by these names.
    """
    owners: dict[int, str] = {}
    # Inner layers come after the layers around them, and they are the owners.
    for layer in model._flatten_layers():
        owners.update({id(variable): type(layer).__name__ for variable in layer.weights})
    inner_models = {layer.name for layer in model._flatten_layers() if hasattr(layer, "layers")}
    for variable in model.weights:
        *scopes, own = variable.path.split("/")
        name = _RENAMED.get((owners[id(variable)], own), own)
        kept = [scope for scope in scopes if scope not in inner_models]
        yield "/".join([*kept, name]), np.asarray(variable.value, dtype=np.float32)
