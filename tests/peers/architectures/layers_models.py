"""Keras's applications, as LayersModels: the JSON of Keras 2, with ImageNet's head cut to a few classes."""

import json

import tf_keras as keras

from subjects import Subject, Weight, rule

CLASSES = 5

# Constructor, side of a picture, the gain of the kernels that keeps logits of order 1, and by how much all numbers of
# channels are divided: layers and connections stay the same, and tests take seconds.
APPLICATIONS = {
    "mobilenet": ("MobileNet", 32, 1.4, 1),
    "mobilenet-v2": ("MobileNetV2", 32, 1.2, 1),
    "resnet50": ("ResNet50", 32, 1.0, 4),
    "resnet50-v2": ("ResNet50V2", 32, 1.0, 4),
    "densenet121": ("DenseNet121", 32, 1.2, 2),
    "inception-v3": ("InceptionV3", 75, 1.4, 4),
    "xception": ("Xception", 71, 0.9, 4),
    "nasnet-mobile": ("NASNetMobile", 32, 1.2, 1),
}


def build(name, dtype):
    constructor, side, _, divisor = APPLICATIONS[name]
    keras.backend.set_floatx(dtype)
    keras.backend.clear_session()
    base = getattr(keras.applications, constructor)(
        weights=None, include_top=False, input_shape=(side, side, 3), pooling="avg"
    )
    config = base.get_config()
    for layer in config["layers"]:
        if "filters" in layer["config"]:
            layer["config"]["filters"] //= divisor
    base = keras.Model.from_config(config)
    logits = keras.layers.Dense(CLASSES, name="logits")(base.output)
    return keras.Model(base.input, logits, name=constructor.lower())


def loadable(topology):
    """Without three fields of separable convolutions that TensorFlow.js refuses to load, and that have no effect."""
    for layer in topology["config"]["layers"]:
        if layer["class_name"] == "SeparableConv2D":
            for field in ("kernel_initializer", "kernel_regularizer", "kernel_constraint"):
                layer["config"].pop(field, None)
    return topology


def layers_subject(name):
    _, side, gain, _ = APPLICATIONS[name]
    model = build(name, "float32")
    weights = []
    for variable in model.weights:
        own = variable.name.removesuffix(":0")
        scale, offset = rule(own, tuple(variable.shape), gain)
        weights.append(Weight(own, tuple(variable.shape), own, scale, offset))
    built = {}

    def run(dtype, arrays, inputs, tape):
        if dtype not in built:
            built.clear()
            built[dtype] = build(name, dtype)
            built[dtype].set_weights(list(arrays.values()))
        model = built[dtype]
        (x,) = inputs.values()
        names = [variable.name.removesuffix(":0") for variable in model.weights]
        return model(x, training=False), dict(zip(names, model.weights)), None

    return Subject(
        name,
        "layers",
        loadable(json.loads(model.to_json())),
        weights,
        {"x": (side, side, 3)},
        run,
        [variable.name.removesuffix(":0") for variable in model.trainable_weights],
    )
