import { PbfWriter } from 'pbf'
import {
  type Attribute,
  type BodyGraph,
  type ElementType,
  elementTypes,
  type GraphInput,
  type OnnxGraph,
  type OnnxNode,
  type OnnxTensor,
} from './onnx-model.js'
import { toInt64 } from './tensor-data.js'

/** The version of the file format, which ONNX Runtime reads since 1.16. */
const irVersion = 9

/** A model as it is run. */
export interface WrittenModel {
  readonly opsets: ReadonlyMap<string, number>
  readonly graph: Pick<OnnxGraph, 'nodes' | 'constants' | 'inputs' | 'outputs'>
}

/** Writes a model as the bytes of an .onnx file. The batch is the first axis of inputs, of any length. */
export function writeModel(model: WrittenModel): Uint8Array {
  const weightBytes = [...model.graph.constants.values()].reduce(
    (sum, { bytes }) => sum + bytes.length,
    0,
  )
  // Grown by doubling, the buffer of a large model would be copied many times.
  const pbf = new PbfWriter(new Uint8Array(weightBytes + 2 ** 16))
  pbf.writeTag(1, varint)
  pbf.writeVarint(irVersion)
  pbf.writeMessage(7, writeGraph, model.graph)
  for (const opset of model.opsets) pbf.writeMessage(8, writeOpset, opset)
  return pbf.finish()
}

const varint = 0

function writeOpset([domain, version]: [string, number], pbf: PbfWriter): void {
  writeText(pbf, 1, domain)
  writeInteger(pbf, 2, version)
}

function writeGraph(
  graph: BodyGraph & { readonly constants?: OnnxGraph['constants'] },
  pbf: PbfWriter,
): void {
  for (const node of graph.nodes) pbf.writeMessage(1, writeNode, node)
  writeText(pbf, 2, 'graph')
  for (const entry of graph.constants ?? []) pbf.writeMessage(5, writeNamedTensor, entry)
  for (const value of graph.inputs) pbf.writeMessage(11, writeValue, value)
  // ONNX Runtime infers the types of outputs.
  for (const name of graph.outputs) pbf.writeMessage(12, writeOutput, name)
}

function writeNode(node: OnnxNode, pbf: PbfWriter): void {
  for (const name of node.inputs) writeText(pbf, 1, name)
  for (const name of node.outputs) writeText(pbf, 2, name)
  writeText(pbf, 3, node.name)
  writeText(pbf, 4, node.op)
  for (const entry of Object.entries(node.attributes)) pbf.writeMessage(5, writeAttribute, entry)
  writeText(pbf, 7, node.domain)
}

function writeAttribute([name, attribute]: [string, Attribute], pbf: PbfWriter): void {
  writeText(pbf, 1, name)
  switch (attribute.kind) {
    case 'float':
      pbf.writeTag(2, 5)
      pbf.writeFloat(attribute.value)
      break
    case 'int':
      writeInteger(pbf, 3, attribute.value)
      break
    case 'string':
      writeText(pbf, 4, attribute.value)
      break
    case 'tensor':
      pbf.writeMessage(5, writeTensor, attribute.value)
      break
    case 'graph':
      pbf.writeMessage(6, writeGraph, attribute.value)
      break
    case 'floats':
      pbf.writePackedFloat(7, [...attribute.value])
      break
    case 'ints':
      for (const value of attribute.value) writeInteger(pbf, 8, value)
      break
    case 'strings':
      for (const value of attribute.value) writeText(pbf, 9, value)
      break
    case 'other':
      throw new Error('a model with graphs as attributes was refused before')
  }
  writeInteger(pbf, 20, attributeTypes[attribute.kind])
}

const attributeTypes: Readonly<Record<Attribute['kind'], number>> = {
  float: 1,
  int: 2,
  string: 3,
  tensor: 4,
  graph: 5,
  floats: 6,
  ints: 7,
  strings: 8,
  other: 0,
}

function writeNamedTensor([name, tensor]: [string, OnnxTensor], pbf: PbfWriter): void {
  writeTensor(tensor, pbf)
  writeText(pbf, 8, name)
}

function writeTensor({ type, shape, bytes }: OnnxTensor, pbf: PbfWriter): void {
  for (const length of shape) writeInteger(pbf, 1, length)
  writeInteger(pbf, 2, typeNumber(type))
  pbf.writeTag(9, 2)
  pbf.writeBytes(bytes)
}

function writeOutput(name: string, pbf: PbfWriter): void {
  writeText(pbf, 1, name)
}

function writeValue(value: GraphInput, pbf: PbfWriter): void {
  writeText(pbf, 1, value.name)
  pbf.writeMessage(2, writeType, value)
}

function writeType(value: GraphInput, pbf: PbfWriter): void {
  pbf.writeMessage(1, writeTensorType, value)
}

function writeTensorType({ type, shape }: GraphInput, pbf: PbfWriter): void {
  writeInteger(pbf, 1, typeNumber(type))
  if (shape !== undefined) pbf.writeMessage(2, writeShape, shape)
}

function writeShape(shape: readonly (number | null)[], pbf: PbfWriter): void {
  for (const length of shape) pbf.writeMessage(1, writeDimension, length)
}

function writeDimension(length: number | null, pbf: PbfWriter): void {
  if (length !== null) writeInteger(pbf, 1, length)
}

const typeNumbers = new Map<ElementType, number>(
  Object.entries(elementTypes).map(([number, type]) => [type, Number(number)]),
)

const typeNumber = (type: ElementType): number => typeNumbers.get(type)!

function writeText(pbf: PbfWriter, tag: number, text: string): void {
  pbf.writeTag(tag, 2)
  pbf.writeString(text)
}

/** Writes an int64 field. pbf's own varints are exact only up to 2^53. */
function writeInteger(pbf: PbfWriter, tag: number, value: number): void {
  pbf.writeTag(tag, varint)
  let rest = BigInt.asUintN(64, toInt64(value))
  if (rest < 2n ** 32n) {
    pbf.writeVarint(Number(rest))
    return
  }
  pbf.realloc(10)
  while (rest >= 128n) {
    pbf.buf[pbf.pos++] = Number(rest & 127n) | 128
    rest >>= 7n
  }
  pbf.buf[pbf.pos++] = Number(rest)
}
