"""The graph of a Keras 3 model, as TensorFlow.js reads it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from gradlens.errors import InvalidArgumentError, UnsupportedError, describe
from gradlens.keras_writer.layers import WAY_OUT, Config, convert_config

#: Arguments of a call that inference doesn't need, with the values that change nothing.
_IDLE_ARGUMENTS: Mapping[str, tuple[object, ...]] = {"mask": (None,), "training": (None, False)}


def convert_model(model: Any) -> Config:
    """Convert a model's configuration from Keras 3's form to Keras 2's.

    Parameters
    ----------
    model
        A Keras 3 model, sequential or functional.

    Returns
    -------
    Config
        The model's class name and configuration.

    Raises
    ------
    InvalidArgumentError
        If it isn't such a model.
    UnsupportedError
        If TensorFlow.js has no equal layer, which is named.
    """
    kind = _kind_of(model)
    if kind is None:
        raise InvalidArgumentError(
            "keras_model",
            describe(model),
            "a built Keras 3 model, sequential or functional; export a subclassed model to ONNX",
        )
    from keras.saving import serialize_keras_object

    _refuse_masked_average(model)
    return _convert(serialize_keras_object(model))


def _kind_of(model: Any) -> str | None:
    names = {cls.__name__ for cls in type(model).__mro__}
    if not getattr(model, "built", False) or not hasattr(model, "get_config"):
        return None
    return next((name for name in ("Sequential", "Functional") if name in names), None)


def _convert(serialized: Mapping[str, Any]) -> Config:
    class_name, config = serialized["class_name"], serialized["config"]
    layer = f"the layer {config['name']!r} ({class_name})"
    if class_name == "Sequential":
        layers = [_convert(inner) for inner in config["layers"]]
        return {"class_name": "Sequential", "config": {"name": config["name"], "layers": layers}}
    if class_name in ("Functional", "Model"):
        return {"class_name": "Model", "config": _convert_graph(config)}
    if class_name == "Bidirectional":
        return _convert_bidirectional(config, layer)
    if class_name == "TimeDistributed":
        own = convert_config(class_name, {k: v for k, v in config.items() if k != "layer"}, layer)
        return {"class_name": class_name, "config": {**own, "layer": _convert(config["layer"])}}
    return {"class_name": class_name, "config": convert_config(class_name, config, layer)}


def _convert_bidirectional(config: Mapping[str, Any], layer: str) -> Config:
    inner = {k: v for k, v in config.items() if k not in ("layer", "backward_layer")}
    own = convert_config("Bidirectional", inner, layer)
    forward, backward = _convert(config["layer"]), _convert(config["backward_layer"])

    def comparable(side: Config) -> Config:
        return {k: v for k, v in side["config"].items() if k not in ("name", "go_backwards")}

    if forward["class_name"] != backward["class_name"] or comparable(forward) != comparable(
        backward
    ):
        raise UnsupportedError(f"{layer} with a backward_layer of its own", WAY_OUT)
    # TensorFlow.js adds the prefix itself.
    forward["config"]["name"] = forward["config"]["name"].removeprefix("forward_")
    return {"class_name": "Bidirectional", "config": {**own, "layer": forward}}


def _convert_graph(config: Mapping[str, Any]) -> Config:
    # The first call of a model within a model is its own construction in TensorFlow.js.
    shifts = {
        serialized["config"]["name"]: 1
        for serialized in config["layers"]
        if serialized["class_name"] in ("Sequential", "Functional", "Model")
    }
    layers = []
    for serialized in config["layers"]:
        name = serialized["config"]["name"]
        nodes = [_convert_node(node, name, shifts) for node in serialized["inbound_nodes"]]
        layers.append({**_convert(serialized), "name": name, "inbound_nodes": nodes})
    return {
        "name": config["name"],
        "layers": layers,
        "input_layers": _list_of_tensors(config["input_layers"], "inputs", shifts),
        "output_layers": _list_of_tensors(config["output_layers"], "outputs", shifts),
    }


def _convert_node(
    node: Mapping[str, Any], layer: str, shifts: Mapping[str, int]
) -> list[list[Any]]:
    for argument, value in node["kwargs"].items():
        if value not in _IDLE_ARGUMENTS.get(argument, ()):
            raise UnsupportedError(
                f"the layer {layer!r}, called with {argument}={describe(value)},", WAY_OUT
            )
    return [[*_shift(history, shifts), {}] for history in _histories(node["args"])]


def _shift(history: Sequence[Any], shifts: Mapping[str, int]) -> list[Any]:
    layer, call, output = history
    return [layer, call + shifts.get(layer, 0), output]


def _histories(value: Any) -> Iterator[Sequence[Any]]:
    """List what the tensors of a call came from: layer, call and output."""
    if isinstance(value, Mapping):
        if value.get("class_name") == "__keras_tensor__":
            yield value["config"]["keras_history"]
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _histories(item)


def _list_of_tensors(tensors: Any, what: str, shifts: Mapping[str, int]) -> list[Any]:
    if isinstance(tensors, list | tuple):
        if len(tensors) == 3 and isinstance(tensors[0], str):
            return [_shift(tensors, shifts)]
        if all(isinstance(tensor, list | tuple) for tensor in tensors):
            return [_shift(tensor, shifts) for tensor in tensors]
    raise UnsupportedError(f"a model whose {what} are a dictionary", "Use a list of tensors.")


def _refuse_masked_average(model: Any) -> None:
    """Refuse an average over a masked sequence, where TensorFlow.js counts the padding too."""
    layers = list(model._flatten_layers())
    kinds = {type(layer).__name__: layer for layer in layers}
    masks = "Masking" in kinds or any(getattr(layer, "mask_zero", False) for layer in layers)
    if masks and "GlobalAveragePooling1D" in kinds:
        name = kinds["GlobalAveragePooling1D"].name
        raise UnsupportedError(
            f"the layer {name!r} (GlobalAveragePooling1D) of a model with masks", WAY_OUT
        )
