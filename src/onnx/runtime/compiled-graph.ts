import type { NdArray, TypedArray } from '../../ndarray.js'
import type { ElementType, GraphInput } from '../model/onnx-model.js'
import { toInt64 } from '../model/tensor-data.js'
import { writeModel, type WrittenModel } from '../model/write-model.js'
import type { RuntimeDevice, RuntimeSession, RuntimeTensor } from './runtime.js'
import type { Feeds } from '../graph/probe.js'

/** An output of a graph. Int64 beyond 2^53 is the nearest number. */
export interface GraphArray extends NdArray {
  readonly type: ElementType
}

/** A graph in ONNX Runtime's memory. */
export class CompiledGraph {
  readonly #device: RuntimeDevice
  readonly #session: RuntimeSession
  readonly #inputs: readonly GraphInput[]

  private constructor(
    device: RuntimeDevice,
    session: RuntimeSession,
    inputs: readonly GraphInput[],
  ) {
    this.#device = device
    this.#session = session
    this.#inputs = inputs
  }

  /**
   * @param onGpu the outputs that stay in GPU buffers
   * @param level how ONNX Runtime rewrites the graph. Its fusions crash onnxruntime-node 1.30 if tensors within them are
   *   outputs: those of levels after 'basic' in gradient graphs, and those of 'basic' in graphs of all shapes
   */
  static async create(
    device: RuntimeDevice,
    model: WrittenModel,
    onGpu: readonly string[] = [],
    level: 'basic' | 'disabled' = 'basic',
  ): Promise<CompiledGraph> {
    const session = await device.ort.InferenceSession.create(writeModel(model), {
      executionProviders: [device.provider],
      preferredOutputLocation: Object.fromEntries(
        model.graph.outputs.map((name) => [name, onGpu.includes(name) ? 'gpu-buffer' : 'cpu']),
      ),
      graphOptimizationLevel: level,
      // Failures reject, and are reported there.
      logSeverityLevel: 4,
    })
    return new CompiledGraph(device, session, model.graph.inputs)
  }

  /** Runs the graph and returns its outputs by name. */
  async run(feeds: Feeds): Promise<Map<string, GraphArray>> {
    const results = await this.runToTensors(feeds)
    try {
      return new Map([...results].map(([name, tensor]) => [name, readTensor(tensor)]))
    } finally {
      for (const tensor of results.values()) tensor.dispose()
    }
  }

  /** Runs the graph and returns ONNX Runtime's own tensors. Inputs are converted to the types that it declares. */
  async runToTensors(feeds: Feeds): Promise<Map<string, RuntimeTensor>> {
    const { Tensor } = this.#device.ort
    const tensors = this.#inputs.map(({ name, type }) => {
      const { data, shape } = feeds.get(name)!
      return [name, new Tensor(type, dataOf(type, data), [...shape])] as const
    })
    try {
      const results = await this.#session.run(Object.fromEntries(tensors))
      return new Map(Object.entries(results) as [string, RuntimeTensor][])
    } finally {
      for (const [, tensor] of tensors) tensor.dispose()
    }
  }

  /** The types of the outputs; undefined where ONNX Runtime doesn't tell. */
  get outputTypes(): ReadonlyMap<string, ElementType> | undefined {
    const { outputMetadata } = this.#session
    return (
      outputMetadata && new Map(outputMetadata.map(({ name, type }) => [name, type as ElementType]))
    )
  }

  release(): Promise<void> {
    return this.#session.release()
  }
}

export function readTensor({ type, dims, data }: RuntimeTensor): GraphArray {
  return {
    type: type as ElementType,
    shape: [...dims],
    data:
      data instanceof BigInt64Array || data instanceof BigUint64Array
        ? Float64Array.from(data as ArrayLike<bigint>, Number)
        : (data as TypedArray),
  }
}

function dataOf(type: ElementType, data: ArrayLike<number>): unknown {
  switch (type) {
    case 'int64':
      return BigInt64Array.from(Array.from(data, toInt64))
    case 'uint64':
      return BigUint64Array.from(Array.from(data, toInt64))
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
