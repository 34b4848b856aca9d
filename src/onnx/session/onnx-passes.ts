import {
  type BatchedGradients,
  countExamples,
  type LossBatch,
  type ModelPasses,
  type NotBatched,
} from '../../adapters/model-passes.js'
import type { GradientBlock } from '../../gradients/block.js'
import type { NdArray } from '../../ndarray.js'
import type {
  Activations,
  ForwardArguments,
  LayerSite,
  NamedWeight,
  PathPoints,
} from '../../predictor.js'
import type { Feeds } from '../graph/probe.js'
import { lossFunctionGradient } from '../losses/loss-function.js'
import { toNdArray } from '../model/loaded-model.js'
import type { WrittenModel } from '../model/write-model.js'
import { mapArrays } from '../../adapters/segment-arrays.js'
import { computeActivationGradients, computeActivations, computeOutputFrom } from './activations.js'
import { BatchRuns } from './batch-runs.js'
import { readFeeds, toFloats, withLastAxis } from './feeds.js'
import { warnOfExporter } from './exporter-warning.js'
import { computeOnGpu } from './gpu-gradients.js'
import { computeInputGradients } from './input-gradients.js'
import { type ModelRunner, shapeKey } from './model-runner.js'
import { computePathGradients } from './path-gradients.js'
import {
  factorsInput,
  type GraphLoss,
  labelsInput,
  seedInput,
  writeForward,
  writeLossGradients,
} from './written-graphs.js'

/** A model on one device, in passes without checks. */
export class OnnxPasses implements ModelPasses<NdArray> {
  readonly model: object
  readonly #runner: ModelRunner
  readonly #runs: BatchRuns
  readonly #parameters: readonly string[]
  readonly #operations: Map<string, object>

  /**
   * @param model the same object in all sessions of the model
   * @param operations shared by all sessions, by shapes and parameters
   */
  constructor(
    runner: ModelRunner,
    model: object,
    operations: Map<string, object>,
    isChosen: ((name: string) => boolean) | undefined,
  ) {
    this.model = model
    this.#runner = runner
    this.#runs = new BatchRuns(runner, model)
    this.#operations = operations
    this.#parameters = runner.model.parameters
      .map(({ name }) => name)
      .filter((name) => isChosen?.(name) ?? true)
  }

  get name(): string {
    return this.#runner.model.name
  }

  get gpuDevice(): GPUDevice | undefined {
    return this.#runner.device.gpuDevice
  }

  get device(): string {
    return this.#runner.device.name
  }

  get weightsVersion(): number {
    return this.#runner.model.version
  }

  weightValues(): readonly object[] {
    return [...this.#runner.model.constants.values()]
  }

  weights(): Promise<NamedWeight[]> {
    this.#runner.assertUsable()
    const { constants, nodes } = this.#runner.model
    // Operators with other attributes, on the same weights, are another model.
    const operators = new TextEncoder().encode(JSON.stringify(nodes))
    return Promise.resolve([
      ...[...constants].map(([name, tensor]) => ({ name, value: toNdArray(tensor) })),
      { name: 'operators', value: { data: operators, shape: [operators.length] } },
    ])
  }

  async exampleBytes(x: readonly NdArray[], forwardArguments: ForwardArguments): Promise<number> {
    const feeds = readFeeds(this.#runner.model, x, forwardArguments)
    return (await this.#runs.knowledge(feeds)).exampleBytes
  }

  operations(x: readonly NdArray[]): object {
    const shapes = x.map(({ shape }) => shape.slice(1).join('×'))
    const key = [this.device, shapes.join(), ...this.#parameters].join('|')
    const found = this.#operations.get(key) ?? {}
    this.#operations.set(key, found)
    return found
  }

  async predict(
    x: readonly NdArray[],
    forwardArguments: ForwardArguments,
    activations?: Activations,
  ): Promise<NdArray> {
    if (activations !== undefined) {
      return computeOutputFrom(this.#runs, x, forwardArguments, activations)
    }
    const { model } = this.#runs
    const feeds = readFeeds(model, x, forwardArguments)
    const write = (): WrittenModel => writeForward(model, [model.output])
    const [output] = await this.#runs.run('forward', write, feeds, [model.output])
    return output!
  }

  inputGradients(
    x: readonly NdArray[],
    outputIndices: Int32Array,
    forwardArguments: ForwardArguments,
  ): Promise<NdArray[]> {
    return computeInputGradients(this.#runs, x, outputIndices, forwardArguments)
  }

  activations(
    x: readonly NdArray[],
    forwardArguments: ForwardArguments,
    sites: readonly LayerSite[],
  ): Promise<NdArray[][]> {
    return computeActivations(this.#runs, x, forwardArguments, sites)
  }

  activationGradients(
    x: readonly NdArray[],
    outputIndices: Int32Array,
    forwardArguments: ForwardArguments,
    at: Activations | { readonly sites: readonly LayerSite[] },
  ): Promise<NdArray[][]> {
    return computeActivationGradients(this.#runs, x, outputIndices, forwardArguments, at)
  }

  pathGradients(
    x: readonly NdArray[],
    outputIndices: Int32Array,
    forwardArguments: ForwardArguments,
    points: PathPoints,
  ): Promise<NdArray[][]> {
    return computePathGradients(this.#runs, x, outputIndices, forwardArguments, points)
  }

  async lossGradients(batch: LossBatch<NdArray>): Promise<BatchedGradients | NotBatched> {
    warnOfExporter(this.model, this.#runner.model, this.#parameters)
    const feeds = readFeeds(this.#runner.model, batch.x, {})
    const { onlyAlone } = await this.#runner.knowledge(feeds)
    if (onlyAlone !== undefined) return { reason: onlyAlone.reason }
    return this.#computeGradients(batch, feeds, false)
  }

  async exampleGradients(batch: LossBatch<NdArray>): Promise<BatchedGradients> {
    const feeds = readFeeds(this.#runner.model, batch.x, {})
    const result = await this.#computeGradients(batch, feeds, true)
    if ('reason' in result) throw new Error('gradients of one example always have a graph')
    return result
  }

  [Symbol.dispose](): void {
    this.#runner.dispose()
  }

  async #computeGradients(
    batch: LossBatch<NdArray>,
    feeds: Feeds,
    isAlone: boolean,
  ): Promise<BatchedGradients | NotBatched> {
    const { loss, y } = batch
    const { model } = this.#runner
    const knowledge = await this.#runner.knowledge(feeds)
    const named: GraphLoss = typeof loss === 'function' ? 'seed' : loss
    const hasFactors = typeof loss !== 'function' && y.factors !== undefined
    const key = [
      isAlone ? 'one example' : 'examples',
      named === 'seed' ? named : [named.name, named.delta, named.gamma, named.alpha].join(),
      hasFactors ? 'with factors' : '',
      ...this.#parameters,
      shapeKey(feeds),
    ].join(' ')
    const written = this.#runs.writeOnce(key, () =>
      writeLossGradients(model, knowledge, {
        loss: named,
        hasFactors,
        parameters: this.#parameters,
        isAlone,
      }),
    )
    if ('reason' in written) return written
    const added: [string, NdArray][] = [[labelsInput, y]]
    if (typeof loss === 'function') {
      const output = await this.predict(batch.x, {})
      added.push([seedInput, lossFunctionGradient(loss, y, output)])
    }
    if (y.factors !== undefined) added.push([factorsInput, withLastAxis(y.factors)])
    const inputs = new Map([...feeds, ...added])
    const exampleCount = countExamples(batch)
    const { gpuDevice } = this
    const keepsFactors = batch.keepsFactors === true
    if (gpuDevice !== undefined && !isAlone && !keepsFactors) {
      return computeOnGpu(this.#runner, gpuDevice, key, written, inputs, exampleCount)
    }
    const outputs = await this.#runner.run(key, () => written.model, inputs)
    const floats = (name: string): Float32Array => outputs.get(name)!.data as Float32Array
    const integers = (name: string): Int32Array => outputs.get(name)!.data as Int32Array
    const block: GradientBlock = {
      exampleCount,
      segments: written.segments.map((segment) => {
        const bias = keepsFactors ? written.biases.get(segment.parameter) : undefined
        const own = mapArrays(segment, floats, integers)
        const hasBias = own.kind === 'factored' || own.kind === 'convolution'
        return bias !== undefined && hasBias ? { ...own, bias } : own
      }),
    }
    return {
      block,
      readOutput: () => Promise.resolve(toFloats(outputs.get(model.output)!)),
      [Symbol.dispose]: () => undefined,
    }
  }
}
