"""Losses and their gradients from Keras and PyTorch, one example at a time: tests/fixtures/losses.json.

    pip install keras tensorflow-cpu torch
    python tests/peers/make_losses.py > tests/fixtures/losses.json

Each case has the outputs of a model for one example, its label, and what gradlens is given; `gradient` is the
gradient of the peer's loss of that example with respect to the outputs, computed by the peer in float64.
"""

import json
import os

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import keras
import numpy as np
import tensorflow as tf
import torch

keras.config.set_floatx("float64")

POSITIONS, CLASSES = 4, 3
rng = np.random.default_rng(12)
logits = rng.normal(size=(1, POSITIONS, CLASSES)).round(3)
shares = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
# Not normalized, as outputs that no softmax made.
open_shares = (shares * np.array([0.5, 0.9, 1.2, 0.7])[:, None]).round(4)
bits = (1 / (1 + np.exp(-logits))).round(4)
classes = np.array([[2, 0, 1, 0]])
one_hot = np.eye(CLASSES)[classes]
soft = np.array([[[0.2, 0.5, 0.3], [1, 0, 0], [0.1, 0.1, 0.8], [0, 0.6, 0.4]]])
yes_no = np.array([[[1, 0, 1], [0, 0, 1], [1, 1, 0], [0, 1, 0]]], dtype=float)
signs = 2 * yes_no - 1
values = rng.normal(size=logits.shape).round(3) * 2
mask = np.array([[1, 1, 0, 1]])
sample_weight = np.array([[0.5, 2.0, 1.5, 0.25]])
class_weight = np.array([1.0, 4.0, 0.5])
ignored = np.array([[2, -1, 1, -1]])

cases = []


def add(peer, call, loss, y, output, gradient, **weights):
    cases.append(
        {
            "peer": peer,
            "call": call,
            "loss": loss,
            "labels": y.tolist(),
            "output": output.tolist(),
            "weights": {name: array.tolist() for name, array in weights.items()},
            "gradient": np.asarray(gradient).tolist(),
        }
    )


def with_keras(call, loss, y, output, *, own_mask=None, weight=None, **given):
    """The gradient of a Keras loss of a batch of one; the mask is where a model's mask is, on its output."""
    instance = eval(f"keras.losses.{call}")
    y_pred = tf.constant(output)
    with tf.GradientTape() as tape:
        tape.watch(y_pred)
        outputs = tf.identity(y_pred)
        if own_mask is not None:
            keras.src.backend.set_keras_mask(outputs, tf.constant(own_mask.astype(bool)))
        value = instance(tf.constant(y), outputs, sample_weight=weight)
    add(f"Keras {keras.__version__}", call, loss, y, output, tape.gradient(value, y_pred), **given)


def with_torch(call, loss, y, output, function, **given):
    y_pred = torch.tensor(output, requires_grad=True)
    function(y_pred).backward()
    add(f"PyTorch {torch.__version__}", call, loss, y, output, y_pred.grad.numpy(), **given)


# Names
with_keras("CategoricalCrossentropy()", "categoricalCrossentropy", soft, open_shares)
with_keras("CategoricalCrossentropy(from_logits=True)", "categoricalCrossentropyFromLogits", soft, logits)
with_keras("SparseCategoricalCrossentropy()", "sparseCategoricalCrossentropy", classes, open_shares)
with_keras(
    "SparseCategoricalCrossentropy(from_logits=True)",
    "sparseCategoricalCrossentropyFromLogits",
    classes,
    logits,
)
with_keras("BinaryCrossentropy()", "binaryCrossentropy", yes_no, bits)
with_keras("BinaryCrossentropy(from_logits=True)", "binaryCrossentropyFromLogits", yes_no, logits)
with_keras("CategoricalFocalCrossentropy()", "categoricalFocalCrossentropy", soft, open_shares)
with_keras(
    "CategoricalFocalCrossentropy(alpha=0.6, gamma=1.5, from_logits=True)",
    {"name": "categoricalFocalCrossentropyFromLogits", "alpha": 0.6, "gamma": 1.5},
    one_hot,
    logits,
)
with_keras(
    "CategoricalFocalCrossentropy(from_logits=True)",
    "sparseCategoricalFocalCrossentropyFromLogits",
    one_hot,
    logits,
)
cases[-1]["labels"] = classes.tolist()
with_keras("BinaryFocalCrossentropy()", "binaryFocalCrossentropy", yes_no, bits)
with_keras(
    "BinaryFocalCrossentropy(apply_class_balancing=True, alpha=0.3, gamma=3.0, from_logits=True)",
    {"name": "binaryFocalCrossentropyFromLogits", "alpha": 0.3, "gamma": 3},
    yes_no,
    logits,
)
with_keras("KLDivergence()", "kullbackLeiblerDivergence", soft[:, [0, 2]], open_shares[:, [0, 2]])
with_keras("Hinge()", "hinge", signs, logits)
with_keras("Hinge()", "hinge", yes_no, logits)
with_keras("SquaredHinge()", "squaredHinge", signs, logits)
with_keras("CategoricalHinge()", "categoricalHinge", one_hot, logits)
with_keras("MeanSquaredError()", "meanSquaredError", values, logits)
with_keras("MeanAbsoluteError()", "meanAbsoluteError", values, logits)
with_keras("Huber()", "huber", values, logits)
with_keras("Huber(delta=0.5)", {"name": "huber", "delta": 0.5}, values, logits)

# Weights and masks
SPARSE = "sparseCategoricalCrossentropyFromLogits"
sparse_logits = "SparseCategoricalCrossentropy(from_logits=True{})"
with_keras(
    sparse_logits.format(", ignore_class=-1"), {"name": SPARSE, "ignoreLabel": -1}, ignored, logits
)
with_keras(sparse_logits.format(""), SPARSE, classes, logits, own_mask=mask, mask=mask)
with_keras(
    sparse_logits.format(""),
    SPARSE,
    classes,
    logits,
    weight=sample_weight,
    sampleWeight=sample_weight,
)
with_keras(
    sparse_logits.format(""),
    SPARSE,
    classes,
    logits,
    own_mask=mask,
    weight=sample_weight,
    mask=mask,
    sampleWeight=sample_weight,
)
with_keras(
    sparse_logits.format(", reduction='sum'"),
    {"name": SPARSE, "reduction": "sum"},
    classes,
    logits,
    weight=sample_weight,
    sampleWeight=sample_weight,
)
with_keras(
    sparse_logits.format(", reduction='mean_with_sample_weight'"),
    {"name": SPARSE, "reduction": "weightedMean"},
    classes,
    logits,
    weight=sample_weight,
    sampleWeight=sample_weight,
)
# fit's class_weight is a sample weight by the label's class.
with_keras(
    sparse_logits.format(""),
    {"name": SPARSE, "classWeight": class_weight.tolist()},
    classes,
    logits,
    weight=class_weight[classes],
)
with_keras(
    "MeanSquaredError()",
    "meanSquaredError",
    values,
    logits,
    own_mask=mask,
    weight=sample_weight,
    mask=mask,
    sampleWeight=sample_weight,
)

# PyTorch takes the classes on axis 1, and positions after them.
functional = torch.nn.functional


def cross_entropy(target, **options):
    return lambda p: functional.cross_entropy(p.transpose(1, 2), torch.tensor(target), **options)


weight = torch.tensor(class_weight)
named = {"name": SPARSE, "classWeight": class_weight.tolist()}
with_torch("cross_entropy(p, y)", SPARSE, classes, logits, cross_entropy(classes))
with_torch(
    "cross_entropy(p, y, ignore_index=-1)",
    {"name": SPARSE, "ignoreLabel": -1},
    ignored,
    logits,
    cross_entropy(ignored, ignore_index=-1),
)
with_torch(
    "cross_entropy(p, y, weight=w)",
    {**named, "reduction": "weightedMean"},
    classes,
    logits,
    cross_entropy(classes, weight=weight),
)
with_torch(
    "cross_entropy(p, y, weight=w, ignore_index=-1)",
    {**named, "ignoreLabel": -1, "reduction": "weightedMean"},
    ignored,
    logits,
    cross_entropy(ignored, weight=weight, ignore_index=-1),
)
with_torch(
    "cross_entropy(p, y, weight=w, reduction='sum')",
    {**named, "reduction": "sum"},
    classes,
    logits,
    cross_entropy(classes, weight=weight, reduction="sum"),
)
with_torch(
    "cross_entropy(p, shares)",
    "categoricalCrossentropyFromLogits",
    soft,
    logits,
    lambda p: functional.cross_entropy(p.transpose(1, 2), torch.tensor(soft).transpose(1, 2)),
)
with_torch(
    "binary_cross_entropy_with_logits(p, y)",
    "binaryCrossentropyFromLogits",
    yes_no,
    logits,
    lambda p: functional.binary_cross_entropy_with_logits(p, torch.tensor(yes_no)),
)
with_torch(
    "kl_div(log_softmax(p), y, reduction='sum') / T",
    "kullbackLeiblerDivergenceFromLogits",
    soft,
    logits,
    lambda p: functional.kl_div(functional.log_softmax(p, -1), torch.tensor(soft), reduction="sum")
    / POSITIONS,
)
with_torch(
    "huber_loss(p, y, delta=0.5)",
    {"name": "huber", "delta": 0.5},
    values,
    logits,
    lambda p: functional.huber_loss(p, torch.tensor(values), delta=0.5),
)
with_torch(
    "mse_loss(p, y)",
    "meanSquaredError",
    values,
    logits,
    lambda p: functional.mse_loss(p, torch.tensor(values)),
)

print(json.dumps({"origin": "tests/peers/make_losses.py", "cases": cases}))
