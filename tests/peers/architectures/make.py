"""Makes tests/fixtures/architectures: what float64 TensorFlow computes for well-known architectures.

    pip install tensorflow-cpu==2.21.0 tf-keras==2.21.0 'transformers<5' tensorflow-hub==0.16.1
    pip install --no-deps tensorflowjs==4.22.0
    python make.py [NAME…]

Each file has a model's topology, rules that generate its weights and inputs, and expected values: outputs, and
signed sums of the gradients of two examples. It prints the error of TensorFlow's own float32 for each.
"""

import base64
import gzip
import json
import os
import pathlib
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"

import numpy as np
import tensorflow as tf

from generated import project, uniform
from graph_models import GRAPHS, graph_subject
from layers_models import APPLICATIONS, layers_subject

EXAMPLES = 2
LABELS = [1, 2]
TARGET = 1
# Parameters with all elements in the file: the first, a middle and the last one of at most this size.
WHOLE = 500

folder = pathlib.Path(__file__).parents[2] / "fixtures" / "architectures"


def inputs_of(subject):
    return {
        name: given if isinstance(given, np.ndarray) else uniform(name, (EXAMPLES, *given))
        for name, given in subject.inputs.items()
    }


def compute(subject, dtype):
    """Logits, and per example the gradients of the loss, the inputs and the layer."""
    arrays = {weight.name: weight.array() for weight in subject.weights}
    x = inputs_of(subject)
    logits, parameters, pixels, layer = [], [], [], []
    seeds = {weight.name: weight.seed or weight.name for weight in subject.weights}
    for row in range(EXAMPLES):
        inputs = {
            name: tf.constant(array[row : row + 1], dtype if array.dtype == np.float32 else None)
            for name, array in x.items()
        }
        with tf.GradientTape(persistent=True) as tape:
            floats = [tensor for tensor in inputs.values() if tensor.dtype.is_floating]
            tape.watch(floats)
            output, variables, watched = subject.run(dtype, arrays, inputs, tape)
            loss = tf.nn.sparse_softmax_cross_entropy_with_logits([LABELS[row]], output)
            chosen = output[0, TARGET]
        logits.append(output[0].numpy())
        sums = {}
        names = subject.trained
        for name, gradient in zip(names, tape.gradient(loss, [variables[name] for name in names])):
            dense = np.zeros(variables[name].shape) if gradient is None else tf.convert_to_tensor(gradient).numpy()
            sums[seeds[name]] = sums.get(seeds[name], 0) + dense.astype(np.float64)
        parameters.append(sums)
        pixels.append([gradient.numpy() for gradient in tape.gradient(chosen, floats)])
        layer.append(None if watched is None else tape.gradient(chosen, watched)[0].numpy())
        del tape
    return {"logits": np.stack(logits), "parameters": parameters, "inputs": pixels, "layer": layer}


def measure_error(exact, found):
    """The largest differences of float32: relative to the largest norm, and to each gradient's own."""
    of_largest, of_own = 0, 0
    for wanted, got in zip(exact["parameters"], found["parameters"]):
        norms = {name: np.linalg.norm(gradient) for name, gradient in wanted.items()}
        largest = max(norms.values())
        for name, gradient in wanted.items():
            difference = np.abs(project(name, got[name]) - project(name, gradient)).max()
            of_largest = max(of_largest, difference / largest)
            if norms[name] > 1e-6 * largest:
                of_own = max(of_own, difference / norms[name])
    inputs = 0
    for wanted, got in zip(exact["inputs"], found["inputs"]):
        for one, other in zip(wanted, got):
            inputs = max(inputs, np.abs(one - other).max() / np.abs(one).max())
    logits = np.abs(exact["logits"] - found["logits"]).max() / np.abs(exact["logits"]).max()
    return {"logits": logits, "largest": of_largest, "own": of_own, "inputs": inputs}


def base64_of(values, dtype="<f4"):
    return base64.b64encode(np.asarray(values, dtype).tobytes()).decode()


def golden(subject, exact, error):
    def described(weight):
        base = {"name": weight.name, "shape": list(weight.shape)}
        if weight.values is None:
            return {**base, "dtype": "float32", "seed": weight.seed, "scale": weight.scale, "offset": weight.offset}
        dtype = {"f": "float32", "i": "int32", "b": "bool"}[weight.values.dtype.kind]
        return {**base, "dtype": dtype, "values": weight.values.ravel().tolist()}

    def summary(name, gradients):
        return {
            "norms": [float(np.float32(np.linalg.norm(gradient))) for gradient in gradients],
            "sums": base64_of([project(name, gradient) for gradient in gradients]),
        }

    first = exact["parameters"][0]
    small = [name for name, gradient in first.items() if gradient.size <= WHOLE]
    whole = {small[0], small[len(small) // 2], small[-1]}
    floats = [name for name, array in inputs_of(subject).items() if array.dtype == np.float32]
    result = {
        "madeBy": f"tests/peers/architectures with tensorflow {tf.__version__}",
        "kind": subject.kind,
        "inputs": [
            {"name": name, "shape": list(array.shape), "dtype": str(array.dtype)}
            | ({} if array.dtype == np.float32 else {"values": array.ravel().tolist()})
            for name, array in inputs_of(subject).items()
        ],
        "labels": LABELS,
        "target": TARGET,
        "logits": base64_of(exact["logits"]),
        "float32Error": {key: float(f"{value:.2e}") for key, value in error.items()},
        "inputGradients": {
            name: summary(name, [row[at] for row in exact["inputs"]]) for at, name in enumerate(floats)
        },
        "lossGradients": {
            name: summary(name, [row[name] for row in exact["parameters"]]) for name in first
        },
        "wholeGradients": {
            name: base64_of([row[name] for row in exact["parameters"]]) for name in sorted(whole)
        },
        "weights": [described(weight) for weight in subject.weights],
        "topology": subject.topology,
    }
    if subject.layer is not None:
        result["layer"] = {"name": subject.layer, "gradients": base64_of(exact["layer"])}
    return result


def main(names):
    for name in names:
        subject = layers_subject(name) if name in APPLICATIONS else graph_subject(name)
        exact = compute(subject, "float64")
        error = measure_error(exact, compute(subject, "float32"))
        target = folder / ("layers" if subject.kind == "layers" else "graphs")
        target.mkdir(parents=True, exist_ok=True)
        content = json.dumps(golden(subject, exact, error), separators=(",", ":"))
        packed = gzip.compress(content.encode(), 9, mtime=0)
        (target / f"{name}.json.gz").write_bytes(packed)
        print(
            f"{name:18} {len(packed) / 1000:6.1f} kB, logits to {np.abs(exact['logits']).max():.2f}; float32: "
            + ", ".join(f"{key} {value:.1e}" for key, value in error.items()),
            flush=True,
        )


if __name__ == "__main__":
    main(sys.argv[1:] or [*APPLICATIONS, *GRAPHS])
