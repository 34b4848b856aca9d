"""A converted graph, computed node by node with TensorFlow's own ops, in float32 or float64."""

import inspect

import numpy as np
import tensorflow as tf
from google.protobuf import json_format
from tensorflow.core.framework import graph_pb2
from tensorflow.python.framework import op_def_registry

ACTIVATIONS = {"Relu": tf.nn.relu, "Relu6": tf.nn.relu6, "Elu": tf.nn.elu}


class Graph:
    """topology: `modelTopology` of a model.json."""

    def __init__(self, topology, dtype):
        self.nodes = {node.name: node for node in json_format.ParseDict(topology, graph_pb2.GraphDef()).node}
        self.dtype = dtype

    def output(self):
        """The name of the only node that no other one uses."""
        used = {name.partition(":")[0] for node in self.nodes.values() for name in node.input}
        (output,) = set(self.nodes) - used
        return output

    def run(self, weights, inputs, output, tape=None, watched=(), given={}):
        """
        The value of a node, and those of the watched nodes, for which the tape may be asked for gradients.

        weights: tensors by the names of the constants; given: values that replace those of nodes.
        """
        values = {}
        for node in self._before(output):
            if node.name in given:
                found = [given[node.name]]
            elif node.op == "Placeholder":
                found = [inputs[node.name]]
            elif node.op == "Const":
                found = [weights[node.name]]
            else:
                arguments = [_value(values, name) for name in node.input if not name.startswith("^")]
                found = self._compute(node, arguments)
            if node.name in watched:
                tape.watch(found[0])
            values[node.name] = found
        return _value(values, output), {name: values[name][0] for name in watched}

    def _before(self, output):
        """The nodes that an output is computed from, in an order of computation."""
        ordered, seen = [], set()
        stack = [(output.partition(":")[0], False)]
        while stack:
            name, is_done = stack.pop()
            if is_done:
                ordered.append(self.nodes[name])
            elif name not in seen:
                seen.add(name)
                stack.append((name, True))
                stack += [(each.partition(":")[0].lstrip("^"), False) for each in self.nodes[name].input]
        return ordered

    def _compute(self, node, arguments):
        if node.op in ("_FusedConv2D", "FusedDepthwiseConv2dNative", "_FusedMatMul"):
            return [_fused(node, arguments)]
        operation = getattr(tf.raw_ops, node.op)
        accepted = inspect.signature(operation).parameters
        definition = op_def_registry.get(node.op)
        given, rest = {}, list(arguments)
        # Some arguments have other names in Python than in the op's definition.
        attributes = {attribute.name for attribute in definition.attr} | {"name"}
        names = [name for name in accepted if name not in attributes]
        for name, argument in zip(names, definition.input_arg, strict=True):
            is_list = argument.number_attr != "" or argument.type_list_attr != ""
            count = len(rest) - (len(definition.input_arg) - 1) if is_list else 1
            given[name], rest = (rest[:count] if is_list else rest[0]), rest[count:]
        for attribute in definition.attr:
            if attribute.name in accepted and attribute.name in node.attr:
                given[attribute.name] = self._attribute(node.attr[attribute.name])
        found = operation(**given)
        return list(found) if isinstance(found, (list, tuple)) else [found]

    def _attribute(self, value):
        kind = value.WhichOneof("value")
        if kind == "type":
            return self.dtype if value.type == tf.float32.as_datatype_enum else tf.as_dtype(value.type)
        if kind == "list":
            of = value.list
            return list(of.i or of.f or of.b or of.s)
        if kind == "s":
            return value.s.decode()
        if kind == "shape":
            return [dim.size for dim in value.shape.dim]
        return getattr(value, kind)


def _value(values, name):
    node, _, port = name.partition(":")
    return values[node][int(port or 0)]


def _fused(node, arguments):
    """A fused op as the ops that it consists of."""
    attr = node.attr
    x, kernel, *rest = arguments
    if node.op == "_FusedMatMul":
        y = tf.matmul(x, kernel, attr["transpose_a"].b, attr["transpose_b"].b)
    else:
        strides, padding = list(attr["strides"].list.i), attr["padding"].s.decode()
        dilations = list(attr["dilations"].list.i) or [1, 1, 1, 1]
        if node.op == "_FusedConv2D":
            y = tf.nn.conv2d(x, kernel, strides, padding, "NHWC", dilations)
        else:
            y = tf.nn.depthwise_conv2d(x, kernel, strides, padding, "NHWC", dilations[1:3])
    for name in attr["fused_ops"].list.s:
        if name == b"BiasAdd":
            y = y + rest.pop(0)
        elif name == b"Prelu":
            y = tf.nn.relu(y) - rest.pop(0) * tf.nn.relu(-y)
        else:
            y = ACTIVATIONS[name.decode()](y)
    return y
