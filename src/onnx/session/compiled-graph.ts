import type { ElementType, GraphInput } from '../model/onnx-model.js'
import { toInt64 } from '../model/tensor-data.js'
import { writeModel, type WrittenModel } from '../model/write-model.js'
import type { OnnxRuntime, RuntimeSession, RuntimeTensor } from '../runtime.js'

/** A value that goes into a graph or comes out of it. Int64 beyond 2^53 is the nearest number. */
export interface GraphArray {
  readonly type: ElementType
  readonly data: Float32Array | Int32Array | Float64Array | Uint8Array
  readonly shape: readonly number[]
}

/** A graph in ONNX Runtime's memory. */
export class CompiledGraph {
  readonly #ort: OnnxRuntime
  readonly #session: RuntimeSession
  readonly #inputs: ReadonlyMap<string, ElementType>

  private constructor(ort: OnnxRuntime, session: RuntimeSession, inputs: readonly GraphInput[]) {
    this.#ort = ort
    this.#session = session
    this.#inputs = new Map(inputs.map(({ name, type }) => [name, type]))
  }

  static async create(
    ort: OnnxRuntime,
    model: WrittenModel,
    executionProvider: string,
  ): Promise<CompiledGraph> {
    const session = await ort.InferenceSession.create(writeModel(model), {
      executionProviders: [executionProvider],
    })
    return new CompiledGraph(ort, session, model.graph.inputs)
  }

  /** Runs the graph and returns its outputs by name. Inputs are converted to the types that it declares. */
  async run(
    feeds: ReadonlyMap<
      string,
      { readonly data: ArrayLike<number>; readonly shape: readonly number[] }
    >,
  ): Promise<Map<string, GraphArray>> {
    const tensors = Object.fromEntries(
      [...this.#inputs].map(([name, type]) => {
        const { data, shape } = feeds.get(name)!
        return [name, new this.#ort.Tensor(type, dataOf(type, data), [...shape])]
      }),
    )
    try {
      const results = Object.entries(await this.#session.run(tensors)) as [string, RuntimeTensor][]
      return new Map(results.map(([name, tensor]) => [name, readTensor(tensor)]))
    } finally {
      for (const tensor of Object.values(tensors)) tensor.dispose()
    }
  }

  dispose(): Promise<void> {
    return this.#session.release()
  }
}

function readTensor(tensor: RuntimeTensor): GraphArray {
  const { type, dims, data } = tensor
  return {
    type: type as ElementType,
    shape: [...dims],
    data:
      data instanceof BigInt64Array || data instanceof BigUint64Array
        ? Float64Array.from(data as ArrayLike<bigint>, Number)
        : (data as Float32Array),
  }
}

function dataOf(type: ElementType, data: ArrayLike<number>): unknown {
  switch (type) {
    case 'int64':
    case 'uint64':
      return BigInt64Array.from(Array.from(data, toInt64))
    case 'int32':
      return Int32Array.from(data)
    case 'uint32':
      return Uint32Array.from(data)
    case 'int16':
      return Int16Array.from(data)
    case 'uint16':
      return Uint16Array.from(data)
    case 'int8':
      return Int8Array.from(data)
    case 'uint8':
    case 'bool':
      return Uint8Array.from(data)
    default:
      return data instanceof Float32Array ? data : Float32Array.from(data)
  }
}
