"""PyTorch networks as ONNX files, with gradients by torch's autograd in float64: tests/fixtures/torch.

    pip install torch==2.13 onnx==1.23.2 onnxscript numpy
    python tests/peers/torch/make_fixtures.py tests/fixtures/torch

For each network of nets.py: `legacy.onnx` (constants folded, as by default), `unfolded.onnx` (the legacy exporter
with torch's parameters kept), `dynamo.onnx`, and `expected.json` with `expected.bin`: the inputs, the labels, the
logits, the gradient of each example's cross-entropy with respect to every parameter, and that of the logits of its
labels, summed, with respect to its input.
"""

import json
import pathlib
import sys
import warnings

import numpy as np
import onnx
import torch
from torch import nn
from torch.nn import functional as F

from nets import BATCH, NETS

warnings.filterwarnings("ignore")
torch.set_num_threads(1)


class Arrays:
    """Arrays one after the other in one file, each with its place."""

    def __init__(self):
        self.parts, self.byte_length = [], 0

    def add(self, array):
        values = np.ascontiguousarray(array, "<i4" if array.dtype.kind == "i" else "<f4")
        entry = {
            "dtype": "int32" if values.dtype.kind == "i" else "float32",
            "shape": list(values.shape),
            "byteOffset": self.byte_length,
        }
        self.parts.append(values.tobytes())
        self.byte_length += values.nbytes
        return entry


def randomize(net):
    """Weights and statistics with no value that hides an error, such as a bias of zero."""
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.3)
            module.running_var.uniform_(0.5, 2)
        if isinstance(module, (nn.BatchNorm2d, nn.LayerNorm, nn.GroupNorm, nn.InstanceNorm2d)):
            module.weight.data.uniform_(0.5, 1.5)
    for parameter in net.parameters():
        parameter.data += 0.1 * torch.randn_like(parameter)


def export(net, x, path, exporter):
    axes = {"input_names": ["x"], "output_names": ["logits"]}
    if exporter == "dynamo":
        batch = torch.export.Dim("batch", min=1, max=4096)
        torch.onnx.export(
            net, (x,), path, dynamo=True, opset_version=20, external_data=False,
            dynamic_shapes=({0: batch},), verbose=False, **axes,
        )  # fmt: skip
        return
    keeping = {"do_constant_folding": False, "training": torch.onnx.TrainingMode.PRESERVE}
    torch.onnx.export(
        net, (x,), path, dynamo=False, opset_version=18,
        dynamic_axes={"x": {0: "batch"}, "logits": {0: "batch"}},
        **axes, **(keeping if exporter == "unfolded" else {}),
    )  # fmt: skip


def strip(path):
    """Without what the exporter notes on each node, such as the paths of source files."""
    model = onnx.load(path)
    graph = model.graph
    for part in (model, graph, *graph.node, *graph.input, *graph.output, *graph.value_info, *graph.initializer):
        part.ClearField("doc_string")
        part.ClearField("metadata_props")
    onnx.save(model, path)


def cross_entropy(logits, labels):
    """Of one example: the mean over its positions."""
    return F.cross_entropy(logits.flatten(0, -2), labels.flatten())


def differentiate(net, x, labels, arrays):
    """The net is float64 by now; inputs are the float32 values that the ONNX files get."""
    x = x.double() if x.is_floating_point() else x
    names = [name for name, _ in net.named_parameters()]
    logits, of_inputs, of_parameters = [], [], {name: [] for name in names}
    for i in range(BATCH):
        example = x[i : i + 1].clone()
        if example.is_floating_point():
            example.requires_grad_()
        net.zero_grad()
        outputs = net(example)
        own = labels[i : i + 1]
        if example.requires_grad:
            chosen = outputs.gather(-1, own.unsqueeze(-1)).sum()
            of_inputs.append(torch.autograd.grad(chosen, example, retain_graph=True)[0].numpy()[0])
        cross_entropy(outputs, own).backward()
        logits.append(outputs.detach().numpy()[0])
        for name, parameter in net.named_parameters():
            of_parameters[name].append(parameter.grad.numpy().copy())
    entry = {"logits": arrays.add(np.stack(logits))}
    if of_inputs:
        entry["inputGradient"] = arrays.add(np.stack(of_inputs))
    entry["parameters"] = {name: arrays.add(np.stack(g)) for name, g in of_parameters.items()}
    return entry


def make(name, folder):
    torch.manual_seed(len(name))
    net, x, classes = NETS[name]()
    randomize(net)
    net.eval()
    with torch.no_grad():
        shape = net(x).shape[:-1]
    labels = torch.randint(0, classes, shape)
    folder.mkdir(parents=True, exist_ok=True)
    for exporter in ("legacy", "unfolded", "dynamo"):
        path = str(folder / f"{exporter}.onnx")
        export(net, x, path, exporter)
        strip(path)
    arrays = Arrays()
    entry = {
        "torch": torch.__version__.split("+")[0],
        "classes": classes,
        "x": arrays.add(x.numpy()),
        "labels": arrays.add(labels.numpy()),
        **differentiate(net.double(), x, labels, arrays),
    }
    (folder / "expected.bin").write_bytes(b"".join(arrays.parts))
    (folder / "expected.json").write_text(json.dumps(entry, indent=1) + "\n")


if __name__ == "__main__":
    for net_name in sys.argv[2:] or NETS:
        make(net_name, pathlib.Path(sys.argv[1]) / net_name)
