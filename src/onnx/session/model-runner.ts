import { runInTurn } from '../../adapters/call-queue.js'
import { DeviceError, DisposedError } from '../../errors.js'
import type { BatchKnowledge } from '../graph/batch-knowledge.js'
import { type Feeds, type Prober, probeModel } from '../graph/probe.js'
import type { LoadedModel } from '../model/loaded-model.js'
import type { ElementType } from '../model/onnx-model.js'
import type { WrittenModel } from '../model/write-model.js'
import { raceLoss } from '../../race-loss.js'
import { CompiledGraph, type GraphArray } from '../runtime/compiled-graph.js'
import type { RuntimeDevice } from '../runtime/runtime.js'
import { toGradlensError } from '../runtime/runtime-errors.js'
import { listTensors, writeForward, writeShapes } from './written-graphs.js'

/** A model whose weights may be replaced. */
export interface ModelSource {
  readonly current: LoadedModel
  /** By device and shapes of inputs. */
  readonly knowledge: Map<string, BatchKnowledge>
}

/** Graphs have a copy of the weights each, and inputs of many lengths one each. */
const keptGraphs = 8
const keptBytes = 2 ** 28

/** Two alternate in most calls: the forward pass and the gradients. */
const leastGraphs = 2

/** Limits what is remembered about inputs of many lengths. */
const knownShapes = 64

/** Compiles graphs of one model on one device, and runs them. */
export class ModelRunner {
  readonly device: RuntimeDevice
  readonly #source: ModelSource
  /** By key, in order of use. */
  readonly #graphs = new Map<string, Promise<CompiledGraph>>()
  readonly #lost: Promise<never>
  #version: number
  #types: ReadonlyMap<string, ElementType> | undefined
  #isDisposed = false

  constructor(source: ModelSource, device: RuntimeDevice) {
    this.#source = source
    this.device = device
    this.#version = source.current.version
    this.#lost = lossOf(device)
  }

  get model(): LoadedModel {
    return this.#source.current
  }

  /** Returns what is known about inputs of these shapes, from runs of the model on them. */
  async knowledge(feeds: Feeds): Promise<BatchKnowledge> {
    this.assertUsable()
    const { knowledge } = this.#source
    const key = [this.device.name, this.model.version, shapeKey(feeds)].join(' ')
    let known = knowledge.get(key)
    if (known === undefined) {
      known = await probeModel(this.model, feeds, this.#prober())
      knowledge.set(key, known)
      const [oldest] = knowledge.keys()
      if (knowledge.size > knownShapes && oldest !== undefined) knowledge.delete(oldest)
    }
    return known
  }

  /**
   * Runs a graph, which is written and compiled on its first use.
   *
   * @param key the same for the same graph
   */
  run(key: string, write: () => WrittenModel, feeds: Feeds): Promise<Map<string, GraphArray>> {
    return this.use(key, write, (graph) => graph.run(feeds))
  }

  /** Uses a compiled graph, while no other graph of this ONNX Runtime runs. */
  async use<Result>(
    key: string,
    write: () => WrittenModel,
    task: (graph: CompiledGraph) => Promise<Result>,
    onGpu: readonly string[] = [],
    level: 'basic' | 'disabled' = 'basic',
  ): Promise<Result> {
    this.assertUsable()
    if (this.#version !== this.model.version) {
      this.#version = this.model.version
      this.#release()
    }
    const { name } = this.device
    const graph =
      this.#graphs.get(key) ??
      // Written before it waits: the weights are those of this moment.
      this.#compile(write(), onGpu, level)
    this.#graphs.delete(key)
    this.#graphs.set(key, graph)
    graph.catch(() => {
      if (this.#graphs.get(key) === graph) this.#graphs.delete(key)
    })
    const [oldest] = this.#graphs.keys()
    if (this.#graphs.size > this.#mostGraphs() && oldest !== undefined) {
      releaseLater(this.device, this.#graphs.get(oldest)!)
      this.#graphs.delete(oldest)
    }
    try {
      const compiled = await graph
      const result = await enqueue(this.device, () => raceLoss(task(compiled), this.#lost))
      this.assertUsable()
      return result
    } catch (error) {
      this.assertUsable()
      throw toGradlensError(name, error)
    }
  }

  #prober(): Prober {
    const tensors = listTensors(this.model)
    const names = tensors.map(({ tensor }) => tensor)
    const run = <Result>(
      key: string,
      write: () => WrittenModel,
      task: (graph: CompiledGraph) => Promise<Result>,
    ): Promise<Result> => this.use(key, write, task, [], 'disabled')
    return {
      types: async (feeds) =>
        (this.#types ??= await run(
          'types',
          () => writeForward(this.model, names),
          async (graph) => {
            const outputs = graph.outputTypes ?? (await graph.run(feeds))
            return new Map(
              [...outputs].map(([name, own]) => [name, typeof own === 'string' ? own : own.type]),
            )
          },
        )),
      shapes: async (feeds) => {
        const write = (): WrittenModel => writeShapes(this.model)
        const outputs = await run('shapes', write, (graph) => graph.run(feeds))
        return new Map(
          tensors.map(({ tensor, shape }) => [tensor, Array.from(outputs.get(shape)!.data)]),
        )
      },
      values: (feeds, wanted) =>
        run(
          `values ${wanted.join()}`,
          () => writeForward(this.model, wanted),
          (graph) => graph.run(feeds),
        ),
    }
  }

  assertUsable(): void {
    if (!this.#isDisposed) return
    throw new DisposedError('This predictor session was disposed; open another one.')
  }

  dispose(): void {
    this.#isDisposed = true
    this.#release()
  }

  #mostGraphs(): number {
    const weights = [...this.model.constants.values()]
    const byteLength = weights.reduce((sum, { bytes }) => sum + bytes.length, 1)
    return Math.max(leastGraphs, Math.min(keptGraphs, Math.floor(keptBytes / byteLength)))
  }

  #compile(
    model: WrittenModel,
    onGpu: readonly string[],
    level: 'basic' | 'disabled',
  ): Promise<CompiledGraph> {
    return enqueue(this.device, () => CompiledGraph.create(this.device, model, onGpu, level))
  }

  #release(): void {
    for (const graph of this.#graphs.values()) releaseLater(this.device, graph)
    this.#graphs.clear()
  }
}

/** Rejects with a DeviceError when the GPU device is lost. Otherwise it never settles. */
function lossOf({ name, gpuDevice }: RuntimeDevice): Promise<never> {
  const lost = new Promise<never>((_, reject) => {
    void gpuDevice?.lost.then(({ reason, message }) => {
      reject(
        new DeviceError(
          name,
          `${name}: the GPU device was lost (${reason}${message === '' ? '' : `: ${message}`}). ` +
            "Create a new explainer with device 'wasm', or reload the page.",
        ),
      )
    })
  })
  // Awaited only in races: a rejection outside of a race must not count as unhandled.
  lost.catch(() => undefined)
  return lost
}

/**
 * Runs one task of an ONNX Runtime after the other. All sessions of onnxruntime-web share one WebAssembly instance,
 * which refuses a second call while one is running.
 */
const enqueue = <Result>({ ort }: RuntimeDevice, task: () => Promise<Result>): Promise<Result> =>
  runInTurn(ort.InferenceSession, task)

/** Releases a graph after what is waiting to run. */
function releaseLater(device: RuntimeDevice, graph: Promise<CompiledGraph>): void {
  void graph.then(
    (compiled) => enqueue(device, () => compiled.release()),
    () => undefined,
  )
}

/** The shapes of one example's inputs, by which graphs and knowledge are told apart. */
export const shapeKey = (feeds: Feeds): string =>
  [...feeds].map(([name, { shape }]) => `${name}[${shape.slice(1).join()}]`).join(' ')
