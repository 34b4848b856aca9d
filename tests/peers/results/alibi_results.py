"""What alibi really returns: python/tests/results/alibi.json.

Needs alibi 0.9.4, tensorflow-cpu 2.21 and keras 3.15:

    python tests/peers/results/alibi_results.py python/tests/results/alibi.json
"""

import copy

import alibi
import keras
import numpy as np
import tensorflow as tf
from alibi.api.defaults import DEFAULT_DATA_KERNEL_SHAP, DEFAULT_META_KERNEL_SHAP
from alibi.api.interfaces import Explanation
from alibi.explainers import GradientSimilarity, IntegratedGradients

from recording import record

layers = keras.layers


def make_similarity(net, x):
    y = np.arange(6) % 3
    loss = keras.losses.SparseCategoricalCrossentropy()
    for name, precompute in (("similarity", True), ("similarity_ad_hoc", False)):
        explainer = GradientSimilarity(
            net, loss, sim_fn="grad_cos", task="classification", precompute_grads=precompute
        )
        yield name, explainer.fit(x, y).explain(x[:2], y[:2])


def make_attributions(net, x):
    explainer = IntegratedGradients(net, n_steps=5)
    yield "gradients", explainer.explain(x[:2], target=np.array([1, 2]))
    yield (
        "gradients_of_layer",
        IntegratedGradients(net, layer=net.layers[0], n_steps=5).explain(x[:2], target=1),
    )
    yield (
        "gradients_of_function",
        IntegratedGradients(net, n_steps=5, target_fn=choose).explain(x[:2]),
    )
    first, second = keras.Input((4,)), keras.Input((5,))
    two = keras.Model([first, second], layers.Dense(3)(layers.Concatenate()([first, second])))
    yield (
        "gradients_of_two_inputs",
        IntegratedGradients(two, n_steps=5).explain(
            [np.ones((2, 4), "f4"), np.ones((2, 5), "f4")], target=1
        ),
    )
    text = keras.Sequential(
        [
            keras.Input((6,)),
            layers.Embedding(10, 4),
            layers.GlobalAveragePooling1D(),
            layers.Dense(2),
        ]
    )
    ids = np.array([[1, 5, 2, 7, 0, 0]])
    yield (
        "gradients_of_text",
        IntegratedGradients(text, layer=text.layers[0], n_steps=5).explain(ids, target=1),
    )


def choose(predictions):
    return np.argmax(predictions, axis=1)


def make_shap():
    """KernelShap needs an older shap, so its object is filled here as its explainer does."""
    data = copy.deepcopy(DEFAULT_DATA_KERNEL_SHAP)
    data["shap_values"] = [np.ones((2, 3)), -np.ones((2, 3))]
    data["raw"]["instances"] = np.zeros((2, 3))
    yield "kernel_shap", Explanation(meta=copy.deepcopy(DEFAULT_META_KERNEL_SHAP), data=data)


def make():
    """Return the results by name."""
    tf.keras.utils.set_random_seed(0)
    net = keras.Sequential(
        [
            keras.Input((5, 5, 3)),
            layers.Conv2D(2, 3, activation="tanh"),
            layers.Flatten(),
            layers.Dense(3, activation="softmax"),
        ]
    )
    x = np.random.default_rng(0).normal(size=(6, 5, 5, 3)).astype("f4")
    return {
        **dict(make_similarity(net, x)),
        **dict(make_attributions(net, x)),
        **dict(make_shap()),
    }


if __name__ == "__main__":
    versions = {
        "alibi": alibi.__version__,
        "tensorflow": tf.__version__,
        "keras": keras.__version__,
    }
    record(make(), versions)
