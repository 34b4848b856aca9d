"""The configurations of Keras 3 layers, as TensorFlow.js reads them."""

from collections.abc import Callable, Mapping
from typing import Any

from gradlens.errors import UnsupportedError

Config = dict[str, Any]

WAY_OUT = (
    "Export the model to ONNX (model.export(path, format='onnx')) and explain it with "
    "gradlens/onnx."
)

#: Activations that TensorFlow.js computes as Keras 3 does, by Keras's name.
ACTIVATIONS: Mapping[str, str] = {
    **{
        name: name
        for name in (
            "elu", "gelu", "linear", "mish", "relu", "relu6", "selu", "sigmoid", "softmax",
            "softplus", "softsign", "swish", "tanh",
        )
    },
    "silu": "swish",
}  # fmt: skip


def _only(**allowed: object) -> Callable[[Config, str], Config]:
    """Make a reader that refuses options with other values, and drops them."""

    def read(config: Config, layer: str) -> Config:
        for option, value in allowed.items():
            given = config.pop(option, value)
            if given != value:
                raise UnsupportedError(f"{layer} with {option}={given!r}", WAY_OUT)
        return config

    return read


def _leaky_relu(config: Config, layer: str) -> Config:
    config["alpha"] = config.pop("negative_slope")
    return config


def _re_lu(config: Config, layer: str) -> Config:
    return _only(negative_slope=0.0, threshold=0.0)(config, layer)


def _transposed(config: Config, layer: str) -> Config:
    config.pop("groups", None)
    dilation = config.pop("dilation_rate", (1,))
    if any(rate != 1 for rate in dilation):
        raise UnsupportedError(f"{layer} with dilation_rate={tuple(dilation)}", WAY_OUT)
    return _only(output_padding=None)(config, layer)


def _gru(config: Config, layer: str) -> Config:
    if config.get("reset_after", True):
        raise UnsupportedError(
            f"{layer} with reset_after=True",
            f"Build the layer with reset_after=False, which TensorFlow.js computes. {WAY_OUT}",
        )
    return _recurrent(config, layer)


def _recurrent(config: Config, layer: str) -> Config:
    return _only(zero_output_for_mask=False)(config, layer)


def _same(config: Config, layer: str) -> Config:
    return config


def _conv_1d(config: Config, layer: str) -> Config:
    if config["padding"] == "causal":
        raise UnsupportedError(f"{layer} with padding='causal'", WAY_OUT)
    return _ungrouped(config, layer)


_ungrouped = _only(groups=1)
_flat_pool = _only(keepdims=False)

#: How each layer's own options are read. A layer that isn't here is refused.
READERS: Mapping[str, Callable[[Config, str], Config]] = {
    "Activation": _same,
    "Add": _same,
    "AlphaDropout": _same,
    "Average": _same,
    "AveragePooling1D": _same,
    "AveragePooling2D": _same,
    "AveragePooling3D": _same,
    "BatchNormalization": _only(
        synchronized=False, renorm=False, renorm_clipping=None, renorm_momentum=0.99
    ),
    "Bidirectional": _same,
    "Concatenate": _same,
    "Conv1D": _conv_1d,
    "Conv2D": _ungrouped,
    "Conv2DTranspose": _transposed,
    "Conv3D": _ungrouped,
    "Cropping2D": _same,
    "Dense": _same,
    "DepthwiseConv2D": _same,
    "Dot": _same,
    "Dropout": _same,
    "ELU": _same,
    "Embedding": _same,
    "Flatten": _same,
    "GRU": _gru,
    "GaussianDropout": _same,
    "GaussianNoise": _same,
    "GlobalAveragePooling1D": _flat_pool,
    "GlobalAveragePooling2D": _flat_pool,
    "GlobalMaxPooling1D": _flat_pool,
    "GlobalMaxPooling2D": _flat_pool,
    "InputLayer": _only(sparse=False, ragged=False, optional=False),
    "LSTM": _recurrent,
    "LayerNormalization": _only(rms_scaling=False),
    "LeakyReLU": _leaky_relu,
    "Masking": _same,
    "MaxPooling1D": _same,
    "MaxPooling2D": _same,
    "MaxPooling3D": _same,
    "Maximum": _same,
    "Minimum": _same,
    "Multiply": _same,
    "PReLU": _same,
    "Permute": _same,
    "ReLU": _re_lu,
    "RepeatVector": _same,
    "Rescaling": _same,
    "Reshape": _same,
    "SeparableConv2D": _ungrouped,
    "SimpleRNN": _recurrent,
    "Softmax": _same,
    "SpatialDropout1D": _same,
    "TimeDistributed": _same,
    "UpSampling2D": _only(interpolation="nearest"),
    "ZeroPadding2D": _same,
}

#: Options that only Keras 3 has and that don't change what a trained layer computes.
_DROPPED = (
    "quantization_config", "lora_rank", "lora_alpha", "seed", "autocast", "use_cudnn",
)  # fmt: skip


def convert_config(class_name: str, config: Mapping[str, Any], layer: str) -> Config:
    """Convert a layer's configuration from Keras 3's form to Keras 2's.

    Parameters
    ----------
    class_name
        The layer's class.
    config
        What ``layer.get_config()`` returns, serialized.
    layer
        The layer as messages name it.

    Returns
    -------
    Config
        The configuration, which TensorFlow.js reads.

    Raises
    ------
    UnsupportedError
        For a layer, activation or option that TensorFlow.js computes differently or not at all.
    """
    reader = READERS.get(class_name)
    if reader is None:
        raise UnsupportedError(layer, WAY_OUT)
    plain = {key: _plain(value) for key, value in config.items() if key not in _DROPPED}
    _check_dtype(plain.get("dtype"), layer, is_input=class_name == "InputLayer")
    for option in ("activation", "recurrent_activation"):
        if option in plain:
            plain[option] = _activation(plain[option], option, layer)
    if plain.get("data_format") == "channels_first":
        raise UnsupportedError(f"{layer} with data_format='channels_first'", WAY_OUT)
    plain.pop("data_format", None)
    if class_name == "InputLayer":
        plain["batch_input_shape"] = plain.pop("batch_shape")
    return reader(plain, layer)


def _plain(value: Any) -> Any:
    """Unwrap Keras 3's serialized objects: a policy is its name, the others lose their module."""
    if isinstance(value, Mapping) and "class_name" in value and "config" in value:
        if value["class_name"].endswith("DTypePolicy"):
            return value["config"]["name"]
        return {"class_name": value["class_name"], "config": value["config"]}
    return value


def _activation(activation: Any, option: str, layer: str) -> str:
    name = activation if isinstance(activation, str) else None
    if activation is None:
        return "linear"
    known = ACTIVATIONS.get(name) if name is not None else None
    if known is None:
        shown = repr(name) if name is not None else "a function of your own"
        raise UnsupportedError(f"{layer} with {option}={shown}", WAY_OUT)
    return known


def _check_dtype(dtype: object, layer: str, *, is_input: bool) -> None:
    accepted = ("float32", "int32", "bool") if is_input else ("float32",)
    if dtype is not None and dtype not in accepted:
        raise UnsupportedError(
            f"{layer} with dtype {dtype!r}", "Build the model with dtype 'float32'."
        )
