/** The element types of tensors, by their numbers in the ONNX format. */
export const elementTypes = {
  1: 'float32',
  2: 'uint8',
  3: 'int8',
  4: 'uint16',
  5: 'int16',
  6: 'int32',
  7: 'int64',
  8: 'string',
  9: 'bool',
  10: 'float16',
  11: 'float64',
  12: 'uint32',
  13: 'uint64',
  16: 'bfloat16',
} as const

export type ElementType = (typeof elementTypes)[keyof typeof elementTypes]

/** A constant tensor, in little-endian bytes. */
export interface OnnxTensor {
  readonly type: ElementType
  readonly shape: readonly number[]
  readonly bytes: Uint8Array
}

/** An attribute of a node. Integers are exact up to 2^53; larger ones are the nearest number. */
export type Attribute =
  | { readonly kind: 'float'; readonly value: number }
  | { readonly kind: 'int'; readonly value: number }
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'tensor'; readonly value: OnnxTensor }
  | { readonly kind: 'floats'; readonly value: readonly number[] }
  | { readonly kind: 'ints'; readonly value: readonly number[] }
  | { readonly kind: 'strings'; readonly value: readonly string[] }
  /** The body of an operator that was appended. It also sees the tensors of the graph around it. */
  | { readonly kind: 'graph'; readonly value: BodyGraph }
  /** A graph of the model's own, or another kind of value, which isn't supported. */
  | { readonly kind: 'other' }

export type Attributes = Readonly<Record<string, Attribute>>

/** One operator of a graph. An optional input or output that is left out has the name ''. */
export interface OnnxNode {
  readonly name: string
  readonly op: string
  /** '' for ONNX's own operators. */
  readonly domain: string
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
  readonly attributes: Attributes
}

/** A graph within an operator. */
export interface BodyGraph {
  readonly nodes: readonly OnnxNode[]
  readonly inputs: readonly GraphInput[]
  readonly outputs: readonly string[]
}

/** A tensor as the model describes it. An axis of any length is null. */
export interface TensorDescription {
  /** Undefined if the model doesn't state it, or if it isn't one of a tensor. */
  readonly type: ElementType | undefined
  /** Undefined if the model doesn't state it. */
  readonly shape: readonly (number | null)[] | undefined
}

/** An input of the graph. */
export interface GraphInput extends TensorDescription {
  readonly name: string
  readonly type: ElementType
}

export interface OnnxGraph {
  readonly name: string
  /** In topological order. */
  readonly nodes: readonly OnnxNode[]
  readonly constants: ReadonlyMap<string, OnnxTensor>
  /** Without those that have a constant as their default. */
  readonly inputs: readonly GraphInput[]
  readonly outputs: readonly string[]
  /** The outputs and other tensors that the model describes, by name. */
  readonly described: ReadonlyMap<string, TensorDescription>
}

export interface OnnxModel {
  readonly graph: OnnxGraph
  /** The version of each operator set, by domain. */
  readonly opsets: ReadonlyMap<string, number>
  readonly producer: string
}
