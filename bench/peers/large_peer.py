"""A gradient tape per example in TensorFlow, as alibi computes gradients: eagerly, or in a tf.function."""

import json
import os
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import tensorflow as tf
import tf_keras as keras

from agreement import TOLERANCE, compare
from graph import Graph
from large_case import LargeCase, path_points
from serve import serve

STEPS = 50
# Where TensorFlow's own float32 is further from float64 than the tolerance, gradlens may be as many times as far: relu6
# has corners, on whose other side rounding puts a point of a path now and then.
OWN_ERRORS = 5
# All points in one batch would take up to ten gigabytes.
PATH_BATCH = 10


class Model:
    """The case's model in a dtype."""

    def __init__(self, case, dtype):
        self.case = case
        self.dtype = tf.as_dtype(dtype)
        if case.is_graph:
            self.graph = Graph(case.model["modelTopology"], self.dtype)
            self.constants = {
                name: tf.Variable(tf.cast(array, dtype), name="weight") if array.dtype == "<f4" and array.ndim > 0
                else tf.constant(array, dtype if array.dtype == "<f4" else None)
                for name, array in case.weights().items()
            }
            self.variables = [each for each in self.constants.values() if isinstance(each, tf.Variable)]
            self.output = self.graph.output()
        else:
            self.keras = build(case, dtype)
            self.variables = self.keras.trainable_variables

    def inputs(self, arrays):
        return {
            name: tf.constant(array, self.dtype if array.dtype == np.float32 else None)
            for name, array in arrays.items()
        }

    def call(self, inputs, at_layer=None):
        """Outputs, from given values at the layer if there are some."""
        if self.case.is_graph:
            given = {} if at_layer is None else {self.case.layer: at_layer}
            return self.graph.run(self.constants, inputs, self.output, given=given)[0]
        return self.keras(next(iter(inputs.values())) if at_layer is None else at_layer, training=False)

    def gradient(self, inputs, label):
        """The gradient of an example's loss as one vector."""
        with tf.GradientTape() as tape:
            output = self.call(inputs)
            if self.case.from_logits:
                loss = tf.nn.sparse_softmax_cross_entropy_with_logits(label, output)
            else:
                loss = -tf.math.log(tf.gather(output, label, batch_dims=1))
        gradients = tape.gradient(loss, self.variables)
        return tf.concat([tf.reshape(gradient, [-1]) for gradient in gradients], 0)

    def path_gradient(self, inputs, points):
        """The gradients of the explained output at points."""
        with tf.GradientTape() as tape:
            tape.watch(points)
            chosen = tf.reduce_sum(self.call(inputs, points)[:, self.case.target])
        return tape.gradient(chosen, points)

    def start(self, inputs):
        """The end of the path: the input, or the activation at the layer."""
        if not self.case.is_graph:
            return next(iter(inputs.values()))
        return self.graph.run(self.constants, inputs, self.case.layer)[0]

    def attribute(self, path_gradient):
        inputs = self.inputs(self.case.example(self.case.count))
        x = self.start(inputs)
        # At a layer, the path starts where inputs of zeros lead.
        baseline = self.start({name: tf.zeros_like(array) for name, array in inputs.items()})
        places, weights = path_points(STEPS)
        total = tf.zeros_like(x[0])
        for begin in range(0, STEPS, PATH_BATCH):
            part = slice(begin, begin + PATH_BATCH)
            shape = [-1] + [1] * (len(x.shape) - 1)
            alphas = tf.reshape(tf.constant(places[part], self.dtype), shape)
            repeated = {name: tf.repeat(array, len(alphas), 0) for name, array in inputs.items()}
            found = path_gradient(repeated, baseline + alphas * (x - baseline))
            total += tf.tensordot(tf.constant(weights[part], self.dtype), found, 1)
        return ((x - baseline)[0] * total).numpy()


def build(case, dtype):
    topology = case.layers()
    config = topology.get("model_config", topology)
    text = json.dumps(config["config"]).replace('"float32"', f'"{dtype}"')
    keras.backend.set_floatx(dtype)
    model = keras.Model.from_config(json.loads(text))
    keras.backend.set_floatx("float32")
    weights = case.weights()
    for variable in model.weights:
        variable.assign(tf.cast(weights[variable.name.removesuffix(":0")], dtype))
    return model


class LargePeer:
    def __init__(self, case):
        self.case = case
        self.model = Model(case, "float32")
        wrap = tf.function if is_function else (lambda function: function)
        self.gradient = wrap(self.model.gradient)
        self.path_gradient = wrap(self.model.path_gradient)
        self.fit()
        self.integratedGradients()

    def _gradient_of(self, row):
        inputs = self.model.inputs(self.case.example(row))
        return self.gradient(inputs, tf.constant(self.case.labels[row : row + 1])).numpy()

    def fit(self):
        self.stored = np.stack([self._gradient_of(row) for row in range(self.case.count)])

    def explainStored(self):
        return self.stored @ self._gradient_of(self.case.count)

    def integratedGradients(self):
        return self.model.attribute(self.path_gradient)

    def stored_bytes(self):
        return self.stored.nbytes / self.case.count

    def check(self):
        """gradlens's results against float64, and TensorFlow's own float32 for comparison."""
        if not hasattr(self, "exact"):
            exact = Model(self.case, "float64")

            def gradient(row):
                inputs = exact.inputs(self.case.example(row))
                return exact.gradient(inputs, tf.constant(self.case.labels[row : row + 1])).numpy()

            question = gradient(self.case.count)
            scores = [gradient(row) @ question for row in range(self.case.count)]
            self.exact = {"scores": scores, "attributions": exact.attribute(exact.path_gradient)}
        ours = self.case.ours()
        # A float32 product of millions of numbers would hide how exact the gradients are.
        question = self._gradient_of(self.case.count).astype(np.float64)
        scores = [gradient.astype(np.float64) @ question for gradient in self.stored]
        own = {"scores": scores, "attributions": self.integratedGradients()}
        found = []
        for what, exact in self.exact.items():
            error = compare(what, own[what], exact)["error"]
            tolerance = max(TOLERANCE, OWN_ERRORS * error)
            found.append(compare(what, ours[what], exact, tolerance) | {"peerError": error})
        return found


def describe():
    return {
        "name": "TensorFlow, tf.function" if is_function else "TensorFlow, eager",
        "versions": {"tensorflow": tf.__version__, "tf-keras": keras.__version__, "numpy": np.__version__},
        "threads": tf.config.threading.get_intra_op_parallelism_threads() or os.cpu_count(),
        "tasks": ["fit", "explainStored", "integratedGradients"],
    }


if __name__ == "__main__":
    is_function = sys.argv[1] == "function"
    serve(LargePeer, describe, LargeCase)
