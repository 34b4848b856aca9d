import { joinArrays } from '../../join-arrays.js'
import type { NdArray } from '../../ndarray.js'

/** The types of TensorFlow.js's tensors. */
export type TfType = 'float32' | 'int32' | 'bool'

/** A node of a TensorFlow graph, or one of its outputs. */
export interface TfNode {
  /** How other nodes name it. It changes when the tensor that it computes gets its name. */
  name: string
  readonly op: string
  readonly inputs: readonly TfNode[]
  readonly attributes: Readonly<Record<string, object>>
}

/** A weight in the list of a GraphModel. */
export interface WeightSpec {
  readonly name: string
  readonly shape: readonly number[]
  readonly dtype: TfType
}

const dtypes = { float32: 'DT_FLOAT', int32: 'DT_INT32', bool: 'DT_BOOL' } as const

/** Attributes of nodes, as model.json has them. */
export const typeAttribute = (type: TfType): object => ({ type: dtypes[type] })
export const intAttribute = (value: number): object => ({ i: `${value}` })
export const intsAttribute = (values: readonly number[]): object => ({
  list: { i: values.map(String) },
})
export const floatAttribute = (value: number): object => ({ f: value })
export const boolAttribute = (value: boolean): object => ({ b: value })
export const textAttribute = (value: string): object => ({ s: btoa(value) })
const shapeAttribute = (lengths: readonly number[]): object => ({
  shape: { dim: lengths.map((size) => ({ size: `${size}` })) },
})

/** TensorFlow.js takes what follows a colon as the number of an output. */
const nodeName = (name: string): string =>
  name.replaceAll('%', '%25').replaceAll(':', '%3A').replace(/^\^/, '%5E')

/** The nodes and weights of a GraphModel. */
export class TfGraph {
  readonly nodes: TfNode[] = []
  readonly #names = new Set<string>()
  readonly #constants = new Map<string, TfNode>()
  readonly #weights = new Map<TfNode, { readonly dtype: TfType; readonly array: NdArray }>()
  readonly #parameters = new Map<TfNode, string>()
  /** What new nodes are named after. */
  scope = ''

  add(
    op: string,
    inputs: readonly TfNode[],
    attributes: Readonly<Record<string, object>> = {},
  ): TfNode {
    const node = { name: this.#unused(`${this.scope}/${op}`), op, inputs, attributes }
    this.nodes.push(node)
    return node
  }

  placeholder(name: string, type: TfType, lengths: readonly number[]): TfNode {
    this.scope = nodeName(name)
    const node = this.add('Placeholder', [], {
      dtype: typeAttribute(type),
      shape: shapeAttribute(lengths),
    })
    this.rename(node, name)
    return node
  }

  /** Adds a weight. Those without a name of their own are shared. */
  constant(array: NdArray, dtype: TfType, name?: string): TfNode {
    const key =
      name === undefined && array.data.length <= 64
        ? `${dtype} [${array.shape.join()}] ${Array.from(array.data, (value) => (Object.is(value, -0) ? '-0' : value)).join()}`
        : undefined
    const known = key === undefined ? undefined : this.#constants.get(key)
    if (known !== undefined) return known
    const node = this.add('Const', [], { dtype: typeAttribute(dtype) })
    if (name !== undefined) this.rename(node, name)
    if (key !== undefined) this.#constants.set(key, node)
    this.#weights.set(node, { dtype, array })
    return node
  }

  /** Adds a weight that is a parameter of the model. */
  parameter(name: string, array: NdArray): TfNode {
    const node = this.constant(array, 'float32', name)
    this.#parameters.set(node, name)
    return node
  }

  integers(values: readonly number[]): TfNode {
    return this.constant({ data: Int32Array.from(values), shape: [values.length] }, 'int32')
  }

  integer(value: number): TfNode {
    return this.constant({ data: Int32Array.of(value), shape: [] }, 'int32')
  }

  number(value: number): TfNode {
    return this.constant({ data: Float32Array.of(value), shape: [] }, 'float32')
  }

  /** Gives a node the name of a tensor, unless another node has it. */
  rename(node: TfNode, tensor: string): void {
    const name = nodeName(tensor)
    if (this.#names.has(name)) return
    this.#names.delete(node.name)
    this.#names.add(name)
    node.name = name
  }

  /** Removes the nodes that the output doesn't need, and returns the others with their weights. */
  finish(
    output: TfNode,
    inputs: readonly TfNode[],
  ): {
    readonly nodes: readonly object[]
    readonly weightSpecs: readonly WeightSpec[]
    readonly weights: Uint8Array<ArrayBuffer>
    /** The names of the parameters, by those of their nodes. */
    readonly parameters: Readonly<Record<string, string>>
  } {
    const needed = new Set([output, ...inputs])
    for (const node of needed) for (const input of node.inputs) needed.add(input)
    const nodes = this.nodes.filter((node) => needed.has(node))
    const weights = nodes.flatMap((node) => {
      const weight = this.#weights.get(node)
      return weight === undefined ? [] : [{ ...weight, name: node.name }]
    })
    return {
      nodes: nodes.map(({ name, op, inputs: own, attributes }) => ({
        name,
        op,
        ...(own.length > 0 && { input: own.map((input) => input.name) }),
        attr: attributes,
      })),
      weightSpecs: weights.map(({ name, dtype, array }) => ({ name, shape: array.shape, dtype })),
      parameters: Object.fromEntries(
        [...this.#parameters].flatMap(([node, name]) =>
          needed.has(node) ? [[node.name, name] as const] : [],
        ),
      ),
      weights: joinArrays(
        Uint8Array,
        weights.map(({ array, dtype }) => bytesOf(array, dtype)),
      ),
    }
  }

  #unused(name: string): string {
    let unused = name
    for (let k = 1; this.#names.has(unused); k++) unused = `${name}_${k}`
    this.#names.add(unused)
    return unused
  }
}

function bytesOf({ data }: NdArray, dtype: TfType): Uint8Array {
  if (dtype === 'bool') return Uint8Array.from(data as ArrayLike<number>)
  const values = dtype === 'int32' ? Int32Array.from(data) : Float32Array.from(data)
  return new Uint8Array(values.buffer)
}
