"""Keras's newer applications, and Hugging Face's transformers configured small, as the converter writes GraphModels."""

import json
import pathlib
import sys
import tempfile
import unittest.mock

import numpy as np
import tensorflow as tf
import tf_keras as keras

# What the converter imports for other kinds of models.
for module in ("jax", "jax.experimental", "jax.experimental.jax2tf", "tensorflow_decision_forests"):
    sys.modules[module] = unittest.mock.MagicMock()

import transformers
import transformers.activations_tf
from tensorflowjs.converters import tf_saved_model_conversion_v2
from tensorflowjs.read_weights import read_weights

sys.path.append(str(pathlib.Path(__file__).parents[3] / "bench" / "peers"))

from graph import Graph

from generated import integers, uniform
from subjects import Subject, Weight, rule

# TensorFlow 2.21 computes gelu by erfc, which TensorFlow.js does not have.
transformers.activations_tf.ACT2FN["gelu"] = transformers.activations_tf._gelu

CLASSES = 5
VOCABULARY = 50
POSITIONS = 12
EXAMPLES = 2
SMALL = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 64,
    "num_labels": CLASSES,
}
WORDS = {"vocab_size": VOCABULARY, "max_position_embeddings": 16, **SMALL}


def words(name, own=None):
    """A text classifier of Hugging Face's: its class, its configuration."""
    config = getattr(transformers, f"{name}Config")(**(own or WORDS))
    return getattr(transformers, f"TF{name}ForSequenceClassification")(config)


def application(constructor, side, **options):
    model = getattr(keras.applications, constructor)(
        weights=None, include_top=False, input_shape=(side, side, 3), pooling="avg", **options
    )
    return keras.Model(model.input, keras.layers.Dense(CLASSES, name="logits")(model.output))


def vision(name):
    def create():
        config = getattr(transformers, f"{name}Config")(image_size=32, patch_size=8, **SMALL)
        return getattr(transformers, f"TF{name}ForImageClassification")(config)

    return create


DISTILLED = {"vocab_size": VOCABULARY, "max_position_embeddings": 16, "num_labels": CLASSES}
DISTILLED |= {"dim": 32, "n_layers": 2, "n_heads": 4, "hidden_dim": 64}

BOTTLENECKS = {"embedding_size": 16, "intra_bottleneck_size": 16, "num_feedforward_networks": 2}

# How a model is built, the gain of its kernels, and the nodes whose input is the layer that gradients go to.
GRAPHS = {
    "mobilenet-v3-small": (lambda: application("MobileNetV3Small", 32), 1.2),
    "efficientnet-b0": (lambda: application("EfficientNetB0", 32), 1.4),
    "bert": (lambda: words("Bert"), 1.0),
    "bert-without-mask": (lambda: words("Bert"), 1.0),
    "distilbert": (lambda: words("DistilBert", DISTILLED), 1.0),
    "albert": (lambda: words("Albert", WORDS | {"embedding_size": 16}), 1.0),
    "roberta": (lambda: words("Roberta", WORDS | {"pad_token_id": 1}), 1.0),
    "electra": (lambda: words("Electra", WORDS | {"embedding_size": 16}), 1.0),
    "mobilebert": (lambda: words("MobileBert", WORDS | BOTTLENECKS), 1.0),
    "vit": (vision("ViT"), 1.0),
    "deit": (vision("DeiT"), 1.0),
}


def inputs_of(name):
    """Arrays, or the shape of an example of pictures."""
    if name in ("vit", "deit"):
        return {"pixel_values": (3, 32, 32)}
    if "net" in name:
        return {"x": (32, 32, 3)}
    ids = 2 + integers("input_ids", (EXAMPLES, POSITIONS), VOCABULARY - 2)
    mask = np.ones_like(ids)
    # The second text is shorter; 1 is RoBERTa's padding.
    ids[1, -3:], mask[1, -3:] = 1, 0
    return {"input_ids": ids} if name == "bert-without-mask" else {"input_ids": ids, "attention_mask": mask}


def signature(name):
    if name in ("vit", "deit"):
        return {"pixel_values": tf.TensorSpec([None, 3, 32, 32], tf.float32, "pixel_values")}
    given = inputs_of(name)
    if "x" in given:
        return {"x": tf.TensorSpec([None, 32, 32, 3], tf.float32, "x")}
    return {key: tf.TensorSpec([None, POSITIONS], tf.int32, key) for key in given}


def convert(model, name, folder):
    """model.json and the arrays of its constants."""
    specs = signature(name)

    @tf.function(input_signature=[specs])
    def serve(inputs):
        found = model(inputs["x"] if "x" in inputs else inputs, training=False)
        return {"logits": getattr(found, "logits", found)}

    tf.saved_model.save(model, f"{folder}/saved", signatures=serve)
    # The converter counts assertions as unsupported, and removes them later.
    tf_saved_model_conversion_v2.convert_tf_saved_model(
        f"{folder}/saved", f"{folder}/converted", skip_op_check=True
    )
    converted = json.loads(pathlib.Path(f"{folder}/converted/model.json").read_text())
    groups = read_weights(converted["weightsManifest"], f"{folder}/converted")
    arrays = {weight["name"]: weight["data"] for group in groups for weight in group}
    return converted, arrays


def weights_of(arrays, variables):
    """
    Constants that are variables are generated under the variables' names, so that copies stay copies. What the
    converter computed from variables gets values of the same range. Scalars, integers and the like are kept.
    """
    by_content = {value.tobytes(): seed for seed, value in variables.items()}
    derived, weights = {}, []
    for name, array in arrays.items():
        seed = by_content.get(array.tobytes())
        if array.dtype.kind != "f" or array.ndim == 0 or (seed is None and np.ptp(array) == 0):
            weights.append(Weight(name, array.shape, values=array))
        elif seed is not None:
            weights.append(Weight(name, array.shape, seed, *variables_rules[seed]))
        else:
            seed = derived.setdefault(array.tobytes(), name)
            middle = np.float32(array.mean())
            weights.append(Weight(name, array.shape, seed, float(np.float32(np.sqrt(3) * array.std())), float(middle)))
    return weights


variables_rules = {}


def prune(topology, output):
    """The graph without what only control inputs lead to, such as assertions, which TensorFlow.js cannot run."""
    nodes = {
        node["name"]: {**node, "input": [name for name in node.get("input", []) if name[0] != "^"]}
        for node in topology["node"]
    }
    kept, open_names = set(), [output]
    while open_names:
        name = open_names.pop().partition(":")[0]
        if name not in kept:
            kept.add(name)
            open_names += nodes[name]["input"]
    nodes = {name: node for name, node in nodes.items() if name in kept}
    return {**topology, "node": list(nodes.values())}, nodes


def check_conversion(model, topology, arrays, inputs, output):
    """Fails unless the graph, with the model's own weights, computes what the model does."""
    constants = {name: tf.constant(array) for name, array in arrays.items()}
    found, _ = Graph(topology, tf.float32).run(constants, inputs, output)
    wanted = model(inputs.get("x", inputs), training=False)
    np.testing.assert_allclose(found, getattr(wanted, "logits", wanted), rtol=1e-4, atol=1e-5)


def graph_subject(name):
    keras.backend.set_floatx("float32")
    keras.backend.clear_session()
    create, gain = GRAPHS[name]
    model = create()
    dummies = {
        key: tf.constant(value if isinstance(value, np.ndarray) else uniform(key, (EXAMPLES, *value)))
        for key, value in inputs_of(name).items()
    }
    model(dummies.get("x", dummies), training=False)
    variables = {}
    variables_rules.clear()
    for variable in model.weights:
        seed = variable.name.removesuffix(":0")
        variables_rules[seed] = rule(seed, tuple(variable.shape), gain)
        variables[seed] = uniform(seed, variable.shape, *variables_rules[seed])
        variable.assign(variables[seed])
    with tempfile.TemporaryDirectory() as folder:
        converted, arrays = convert(model, name, folder)
    (output,) = converted["signature"]["outputs"].values()
    topology, nodes = prune(converted["modelTopology"], output["name"])
    arrays = {name: array for name, array in arrays.items() if name in nodes}
    check_conversion(model, topology, arrays, dummies, output["name"])
    weights = weights_of(arrays, variables)
    statistics = {
        node["input"][k] for node in nodes.values() if node["op"].startswith("FusedBatchNorm") for k in (3, 4)
    }
    trained = [
        weight.name
        for weight in weights
        if weight.array().dtype.kind == "f" and weight.array().ndim > 0 and weight.name not in statistics
    ]
    layer = next((name for name in nodes if name.endswith("embeddings/LayerNorm/batchnorm/add_1")), None)

    def run(dtype, arrays, inputs, tape):
        constants = {
            key: tf.constant(array, dtype if array.dtype.kind == "f" else None) for key, array in arrays.items()
        }
        tape.watch([constants[key] for key in trained])
        graph = Graph(topology, tf.as_dtype(dtype))
        logits, seen = graph.run(constants, inputs, output["name"], tape, [layer] if layer else [])
        return logits, constants, seen.get(layer)

    return Subject(
        name,
        "graph",
        {"modelTopology": topology, "signature": converted["signature"]},
        weights,
        inputs_of(name),
        run,
        trained,
        layer,
    )
