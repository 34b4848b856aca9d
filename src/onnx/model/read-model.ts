import { PbfReader } from 'pbf'
import { InvalidArgumentError, UnsupportedError } from '../../errors.js'
import { readTensor, type TensorSource } from './read-tensor.js'
import {
  type Attribute,
  type ElementType,
  elementTypes,
  type GraphInput,
  type OnnxModel,
  type OnnxNode,
  type OnnxTensor,
  type TensorDescription,
} from './onnx-model.js'

/**
 * Reads a model from the bytes of an .onnx file.
 *
 * @throws InvalidArgumentError for bytes that aren't an ONNX model, or are cut off
 */
export function readModel(bytes: Uint8Array, externalData: TensorSource): OnnxModel {
  try {
    return readModelMessage(bytes, externalData)
  } catch (cause) {
    if (cause instanceof InvalidArgumentError || cause instanceof UnsupportedError) throw cause
    throw notOnnx(bytes, cause)
  }
}

function notOnnx(bytes: Uint8Array, cause?: unknown): InvalidArgumentError {
  return new InvalidArgumentError(
    'model',
    `${bytes.length} bytes that can't be read as an ONNX model`,
    'the complete contents of an .onnx file',
    { cause },
  )
}

interface ModelMessage {
  producer: string
  graph: GraphMessage | undefined
  opsets: Map<string, number>
  functionCount: number
}

interface GraphMessage {
  name: string
  nodes: OnnxNode[]
  constants: Map<string, OnnxTensor>
  inputs: ValueMessage[]
  outputs: string[]
  described: Map<string, TensorDescription>
}

function readModelMessage(bytes: Uint8Array, externalData: TensorSource): OnnxModel {
  const file = new PbfReader(bytes)
  const model = file.readFields<ModelMessage>(
    (tag, message, pbf) => {
      if (tag === 2) message.producer = pbf.readString()
      else if (tag === 7) {
        // A message that is split is joined again.
        message.graph = readGraph(pbf, externalData, message.graph)
      } else if (tag === 8) message.opsets.set(...readOpset(pbf))
      else if (tag === 25) message.functionCount++
    },
    { producer: '', graph: undefined, opsets: new Map(), functionCount: 0 },
  )
  const { graph, opsets, producer } = model
  // Fields of a file that is cut off end beyond its last byte.
  if (graph === undefined || !opsets.has('') || file.pos !== bytes.length) throw notOnnx(bytes)
  if (model.functionCount > 0) {
    throw new UnsupportedError(
      'model functions',
      'model: it defines functions of its own (FunctionProto), which are not supported. Inline them before the ' +
        'export: onnx.inliner.inline_local_functions(model).',
    )
  }
  const inputs = graph.inputs.filter(({ name }) => !graph.constants.has(name)).map(toInput)
  return { producer, opsets, graph: { ...graph, inputs } }
}

function readOpset(pbf: PbfReader): [string, number] {
  const opset = pbf.readMessage(
    (tag, message, reader) => {
      if (tag === 1) message.domain = reader.readString()
      else if (tag === 2) message.version = reader.readVarint(true)
    },
    { domain: '', version: 0 },
  )
  return [opset.domain === 'ai.onnx' ? '' : opset.domain, opset.version]
}

function readGraph(
  pbf: PbfReader,
  externalData: TensorSource,
  begun: GraphMessage | undefined,
): GraphMessage {
  return pbf.readMessage<GraphMessage>(
    (tag, graph, reader) => {
      if (tag === 1) graph.nodes.push(readNode(reader, externalData))
      else if (tag === 2) graph.name = reader.readString()
      else if (tag === 5) {
        const { name, tensor } = readTensor(reader, externalData)
        graph.constants.set(name, tensor)
      } else if (tag === 11) graph.inputs.push(readValue(reader))
      else if (tag === 12 || tag === 13) {
        const { name, type, shape } = readValue(reader)
        if (tag === 12) graph.outputs.push(name)
        graph.described.set(name, { type: elementTypeOf(type), shape })
      } else if (tag === 15) {
        throw new UnsupportedError(
          'sparse tensors',
          'model: sparse initializers are not supported.',
        )
      }
    },
    begun ?? {
      name: '',
      nodes: [],
      constants: new Map(),
      inputs: [],
      outputs: [],
      described: new Map(),
    },
  )
}

interface NodeMessage {
  name: string
  op: string
  domain: string
  inputs: string[]
  outputs: string[]
  attributes: Record<string, Attribute>
}

function readNode(pbf: PbfReader, externalData: TensorSource): OnnxNode {
  const node = pbf.readMessage<NodeMessage>(
    (tag, message, reader) => {
      if (tag === 1) message.inputs.push(reader.readString())
      else if (tag === 2) message.outputs.push(reader.readString())
      else if (tag === 3) message.name = reader.readString()
      else if (tag === 4) message.op = reader.readString()
      else if (tag === 7) message.domain = reader.readString()
      else if (tag === 5) {
        const [name, attribute] = readAttribute(reader, externalData)
        message.attributes[name] = attribute
      }
    },
    { name: '', op: '', domain: '', inputs: [], outputs: [], attributes: {} },
  )
  return { ...node, domain: node.domain === 'ai.onnx' ? '' : node.domain }
}

interface AttributeMessage {
  name: string
  type: number
  float: number
  int: number
  string: string
  tensor: OnnxTensor | undefined
  floats: number[]
  ints: number[]
  strings: string[]
}

function readAttribute(pbf: PbfReader, externalData: TensorSource): [string, Attribute] {
  const message = pbf.readMessage<AttributeMessage>(
    (tag, attribute, reader) => {
      if (tag === 1) attribute.name = reader.readString()
      else if (tag === 2) attribute.float = reader.readFloat()
      else if (tag === 3) attribute.int = reader.readVarint(true)
      else if (tag === 4) attribute.string = reader.readString()
      else if (tag === 5) attribute.tensor = readTensor(reader, externalData).tensor
      else if (tag === 7) reader.readPackedFloat(attribute.floats)
      else if (tag === 8) reader.readPackedVarint(attribute.ints, true)
      else if (tag === 9) attribute.strings.push(reader.readString())
      else if (tag === 20) attribute.type = reader.readVarint()
    },
    {
      name: '',
      type: 0,
      float: 0,
      int: 0,
      string: '',
      tensor: undefined,
      floats: [],
      ints: [],
      strings: [],
    },
  )
  return [message.name, toAttribute(message)]
}

function toAttribute(message: AttributeMessage): Attribute {
  switch (message.type) {
    case 1:
      return { kind: 'float', value: message.float }
    case 2:
      return { kind: 'int', value: message.int }
    case 3:
      return { kind: 'string', value: message.string }
    case 4:
      return message.tensor === undefined
        ? { kind: 'other' }
        : { kind: 'tensor', value: message.tensor }
    case 6:
      return { kind: 'floats', value: message.floats }
    case 7:
      return { kind: 'ints', value: message.ints }
    case 8:
      return { kind: 'strings', value: message.strings }
    default:
      return { kind: 'other' }
  }
}

interface ValueMessage {
  name: string
  type: number
  shape: (number | null)[] | undefined
}

const readValue = (pbf: PbfReader): ValueMessage =>
  pbf.readMessage<ValueMessage>(
    (tag, message, reader) => {
      if (tag === 1) message.name = reader.readString()
      else if (tag === 2) reader.readMessage(readType, message)
    },
    { name: '', type: 0, shape: undefined },
  )

function readType(tag: number, message: ValueMessage, pbf: PbfReader): void {
  if (tag === 1) pbf.readMessage(readTensorType, message)
}

function readTensorType(tag: number, message: ValueMessage, pbf: PbfReader): void {
  if (tag === 1) message.type = pbf.readVarint()
  else if (tag === 2) message.shape = readShape(pbf)
}

const readShape = (pbf: PbfReader): (number | null)[] =>
  pbf.readMessage<(number | null)[]>((tag, shape, reader) => {
    if (tag === 1) shape.push(readDimension(reader))
  }, [])

const readDimension = (pbf: PbfReader): number | null =>
  pbf.readMessage<{ length: number | null }>(
    (tag, dimension, reader) => {
      if (tag === 1) dimension.length = reader.readVarint(true)
    },
    { length: null },
  ).length

const elementTypeOf = (type: number): ElementType | undefined =>
  elementTypes[type as keyof typeof elementTypes]

/** @throws UnsupportedError for sequences, optional values, strings and types of fewer than eight bits */
function toInput({ name, type, shape }: ValueMessage): GraphInput {
  const known = elementTypeOf(type)
  if (known !== undefined && known !== 'string') return { name, type: known, shape }
  throw new UnsupportedError(
    name,
    `model: input '${name}' is ${known === 'string' ? 'a tensor of strings' : 'not a tensor of numbers'}, which is ` +
      'not supported; expected a tensor of floats, integers or booleans.',
  )
}
