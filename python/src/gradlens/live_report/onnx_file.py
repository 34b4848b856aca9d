"""ONNX models as a page takes them: the bytes of their files."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gradlens.errors import InvalidArgumentError, UnsupportedError, describe
from gradlens.live_report.onnx_operators import OPERATORS
from gradlens.live_report.protobuf import read_fields


@dataclass
class OnnxFile:
    """An ONNX model.

    Parameters
    ----------
    contents
        The bytes of the .onnx file.
    """

    contents: bytes
    #: Each operator with its domain, name, inputs and outputs.
    nodes: list[_Node] = field(default_factory=list)
    #: The names of the inputs that have no constant as their default, and of the outputs.
    inputs: list[str] = field(default_factory=list)
    outputs: list[str] = field(default_factory=list)
    #: The files with weights outside of it, by their names.
    external: dict[str, bytes] = field(default_factory=dict)


@dataclass
class _Node:
    inputs: list[str] = field(default_factory=list)
    outputs: list[str] = field(default_factory=list)
    name: str = ""
    operator: str = ""
    domain: str = ""
    locations: list[str] = field(default_factory=list)


def is_onnx(model: Any) -> bool:
    """Tell whether it is the path or the bytes of an .onnx file, or a ModelProto."""
    if isinstance(model, str | Path):
        return str(model).lower().endswith(".onnx")
    return isinstance(model, bytes) or (hasattr(model, "graph") and hasattr(model, "opset_import"))


def read_onnx(model: Any, output: str | None) -> OnnxFile:
    """Read an ONNX model, and refuse what a page can't compute.

    Parameters
    ----------
    model
        The path or the bytes of an .onnx file, or a ModelProto.
    output
        The output to explain, of a model of several.

    Returns
    -------
    OnnxFile
        The model, with its files.

    Raises
    ------
    InvalidArgumentError
        If it isn't an ONNX model, a file of weights is missing, or no output is chosen of several.
    UnsupportedError
        If the output depends on an operator that a page can't compute.
    """
    folder = None
    if isinstance(model, str | Path):
        folder = Path(model).resolve().parent
        contents = Path(model).read_bytes()
    else:
        contents = model if isinstance(model, bytes) else model.SerializeToString()
    file = OnnxFile(contents)
    locations = _read_graph(file)
    _refuse(file, output)
    for location in dict.fromkeys(locations):
        file.external[location] = _read_external(folder, location)
    return file


def _read_graph(file: OnnxFile) -> list[str]:
    constants: set[str] = set()
    locations: list[str] = []
    for number, graph in read_fields(file.contents):
        if number != 7 or not isinstance(graph, bytes):
            continue
        for part, value in read_fields(graph):
            if not isinstance(value, bytes):
                continue
            if part == 1:
                node = _read_node(value)
                file.nodes.append(node)
                locations += node.locations
            elif part == 5:
                name, own = _read_tensor(value)
                constants.add(name)
                locations += own
            elif part in (11, 12):
                (file.inputs if part == 11 else file.outputs).append(_read_text(value, 1))
    file.inputs = [name for name in file.inputs if name not in constants]
    if not file.outputs:
        got = f"{len(file.contents)} bytes without a graph"
        raise InvalidArgumentError("model", got, "the contents of an .onnx file")
    return locations


def _read_node(message: bytes) -> _Node:
    node = _Node()
    for number, value in read_fields(message):
        if not isinstance(value, bytes):
            continue
        if number == 5:
            for part, tensor in read_fields(value):
                if part == 5 and isinstance(tensor, bytes):
                    node.locations += _read_tensor(tensor)[1]
            continue
        text = value.decode("utf-8")
        if number == 1:
            node.inputs.append(text)
        elif number == 2:
            node.outputs.append(text)
        elif number == 3:
            node.name = text
        elif number == 4:
            node.operator = text
        elif number == 7:
            node.domain = "" if text == "ai.onnx" else text
    return node


def _read_tensor(message: bytes) -> tuple[str, list[str]]:
    """Read a tensor's name, and the file that has its numbers, if it is another one."""
    entries: dict[str, str] = {}
    is_external = False
    for number, value in read_fields(message):
        if number == 13 and isinstance(value, bytes):
            entries[_read_text(value, 1)] = _read_text(value, 2)
        elif number == 14:
            is_external = value == 1
    return _read_text(message, 8), [entries.get("location", "")] if is_external else []


def _read_text(message: bytes, wanted: int) -> str:
    texts = [
        value.decode("utf-8")
        for number, value in read_fields(message)
        if number == wanted and isinstance(value, bytes)
    ]
    return texts[-1] if texts else ""


def _refuse(file: OnnxFile, output: str | None) -> None:
    if output is None and len(file.outputs) > 1:
        raise InvalidArgumentError("output", describe(output), f"one of {', '.join(file.outputs)}")
    needed = {output if output is not None else file.outputs[0]}
    for node in reversed(file.nodes):
        if needed.isdisjoint(node.outputs):
            continue
        needed.update(node.inputs)
        operator = node.operator if node.domain == "" else f"{node.domain}.{node.operator}"
        if operator in OPERATORS:
            continue
        name = node.name or node.outputs[0]
        raise UnsupportedError(
            f"In a page, the operator {operator} (node {name!r} of the ONNX model)",
            "Let Python explain the model with gradlens.ask, or build a page with gradlens/onnx of "
            "the npm package.",
        )


def _read_external(folder: Path | None, location: str) -> bytes:
    if folder is None:
        raise InvalidArgumentError(
            "model",
            f"a model with weights in {location!r}",
            "its path, in the folder of that file, or a ModelProto that has its weights",
        )
    file = (folder / location).resolve()
    if not file.is_relative_to(folder) or not file.is_file():
        got = f"a model with weights in {location!r}"
        raise InvalidArgumentError("model", got, f"this file in {folder}")
    return file.read_bytes()
