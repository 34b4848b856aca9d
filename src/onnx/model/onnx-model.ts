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
  /** A graph or another kind of value that gradients are not computed through. */
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

/** An input or output of the graph. An axis of any length is null. */
export interface GraphValue {
  readonly name: string
  readonly type: ElementType
  /** Undefined if the model doesn't state it. */
  readonly shape: readonly (number | null)[] | undefined
}

export interface OnnxGraph {
  readonly name: string
  /** In topological order. */
  readonly nodes: readonly OnnxNode[]
  readonly constants: ReadonlyMap<string, OnnxTensor>
  /** Without those that have a constant as their default. */
  readonly inputs: readonly GraphValue[]
  readonly outputs: readonly GraphValue[]
}

export interface OnnxModel {
  readonly graph: OnnxGraph
  /** The version of each operator set, by domain. */
  readonly opsets: ReadonlyMap<string, number>
  readonly producer: string
}
