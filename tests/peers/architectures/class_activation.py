"""Makes tests/fixtures/class-activation.json: Grad-CAM and LayerCAM of three Keras applications in float64 TensorFlow.

    pip install tensorflow-cpu==2.21.0 tf-keras==2.21.0 'transformers<5' tensorflow-hub==0.16.1
    python class_activation.py

The weights are those of tests/fixtures/architectures. Pictures are larger, so that the last convolution has several positions.
"""

import json
import os
import pathlib

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"

import numpy as np
import tensorflow as tf

import layers_models
from generated import uniform

# Side of the pictures, and the layer that papers and tutorials map.
NETS = {
    "mobilenet-v2": (96, "out_relu"),
    "resnet50-v2": (96, "post_relu"),
    "xception": (96, "block14_sepconv2_act"),
}
TARGET = 1
SIZES = [(20, 13), (2, 3), (7, 4)]


def maps_of(model, layer, x):
    """Selvaraju et al. (2017) and Jiang et al. (2021), written out."""
    inner = layers_models.keras.Model
    both = inner(model.input, [model.get_layer(layer).output, model.output])
    with tf.GradientTape() as tape:
        features, logits = both(x, training=False)
        tape.watch(features)
        chosen = tf.reduce_sum(inner(model.get_layer(layer).output, model.output)(features)[:, TARGET])
    gradients = tape.gradient(chosen, features)
    weights = tf.reduce_mean(gradients, axis=(1, 2), keepdims=True)
    grad_cam = tf.nn.relu(tf.reduce_sum(weights * features, -1))
    layer_cam = tf.nn.relu(tf.reduce_sum(tf.nn.relu(gradients) * features, -1))
    return grad_cam.numpy(), layer_cam.numpy()


def main():
    nets = []
    for name, (side, layer) in NETS.items():
        constructor, _, gain, divisor = layers_models.APPLICATIONS[name]
        layers_models.APPLICATIONS[name] = (constructor, side, gain, divisor)
        subject = layers_models.layers_subject(name)
        model = layers_models.build(name, "float64")
        model.set_weights([weight.array() for weight in subject.weights])
        x = uniform("x", (2, side, side, 3)).astype(np.float64)
        grad_cam, layer_cam = maps_of(model, layer, x)
        print(name, grad_cam.shape, grad_cam.max(), layer_cam.max(), (grad_cam > 0).mean())
        nets.append(
            {
                **{"name": name, "side": side, "layer": layer, "target": TARGET},
                **{"shape": list(grad_cam.shape)},
                **{"gradCam": grad_cam.ravel().tolist(), "layerCam": layer_cam.ravel().tolist()},
            }
        )
    small = uniform("map", (1, 5, 4, 1)).astype(np.float64)
    resized = [
        {
            "shape": list(size),
            **{
                method: tf.image.resize(small, size, method, antialias=False).numpy().astype(float).ravel().tolist()
                for method in ("bilinear", "nearest")
            },
        }
        for size in SIZES
    ]
    result = {
        "madeBy": f"tests/peers/architectures/class_activation.py with tensorflow {tf.__version__}",
        **{"nets": nets, "map": small.ravel().tolist(), "resized": resized},
    }
    path = pathlib.Path(__file__).parents[2] / "fixtures" / "class-activation.json"
    path.write_text(json.dumps(result, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
