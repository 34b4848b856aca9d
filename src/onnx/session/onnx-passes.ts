import {
  type BatchedGradients,
  countExamples,
  type LossBatch,
  type ModelPasses,
  type NotBatched,
} from '../../adapters/model-passes.js'
import { InvalidArgumentError, UnsupportedError } from '../../errors.js'
import type { GradientBlock } from '../../gradients/block.js'
import { concatenateRows, type NdArray, rows, sizeOf } from '../../ndarray.js'
import type { ForwardArguments, NamedWeight } from '../../predictor.js'
import { warnOnce } from '../../warn-once.js'
import type { Feeds } from '../graph/probe.js'
import { type LoadedModel, toNdArray } from '../model/loaded-model.js'
import { isFloat } from '../model/tensor-data.js'
import { withArrays } from '../parameters/graph-segment.js'
import type { GraphArray } from './compiled-graph.js'
import { type ModelRunner, shapeKey } from './model-runner.js'
import {
  factorsInput,
  type GraphLoss,
  labelsInput,
  seedInput,
  type WrittenLossGradients,
  writeForward,
  writeGradients,
  writeLossGradients,
} from './written-graphs.js'

/** A model on one device, in passes without checks. */
export class OnnxPasses implements ModelPasses<NdArray> {
  readonly model: object
  readonly #runner: ModelRunner
  readonly #parameters: readonly string[]
  /** By shapes and loss: the written graph, or why there is none. */
  readonly #lossGraphs = new Map<string, WrittenLossGradients | NotBatched>()
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
    this.#operations = operations
    this.#parameters = runner.model.parameters
      .map(({ name }) => name)
      .filter((name) => isChosen?.(name) ?? true)
  }

  get name(): string {
    return this.#runner.model.name
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
    const { constants } = this.#runner.model
    return Promise.resolve(
      [...constants].map(([name, tensor]) => ({ name, value: toNdArray(tensor) })),
    )
  }

  operations(x: readonly NdArray[]): object {
    const shapes = x.map(({ shape }) => shape.slice(1).join('×'))
    const key = [this.device, shapes.join(), ...this.#parameters].join('|')
    const found = this.#operations.get(key) ?? {}
    this.#operations.set(key, found)
    return found
  }

  async predict(x: readonly NdArray[], forwardArguments: ForwardArguments): Promise<NdArray> {
    const feeds = readFeeds(this.#runner.model, x, forwardArguments)
    const { output } = this.#runner.model
    const run = async (own: Feeds): Promise<NdArray> => {
      const outputs = await this.#runner.run(
        'forward',
        () => writeForward(this.#runner.model, [output]),
        own,
      )
      return toFloats(outputs.get(output)!)
    }
    const [result] = await this.#inOneBatch(feeds, async (own) => [await run(own)])
    return result!
  }

  async inputGradients(
    x: readonly NdArray[],
    outputIndices: Int32Array,
    forwardArguments: ForwardArguments,
  ): Promise<NdArray[]> {
    const { model } = this.#runner
    const feeds = readFeeds(model, x, forwardArguments)
    const knowledge = await this.#runner.knowledge(feeds)
    const sources = model.inputs.filter(({ name }) => !Object.hasOwn(forwardArguments, name))
    const names = sources.map(({ name }) => name)
    const written = writeGradients(model, knowledge, names)
    for (const [k, gradient] of written.gradients.entries()) {
      if (gradient === undefined) refuseInput(names[k]!)
    }
    const shape = outputShape(knowledge.infos.get(model.output)!.shape, outputIndices, feeds)
    const seed = oneHotRows(shape, outputIndices)
    return this.#inOneBatch(new Map([...feeds, [seedInput, seed]]), async (own) => {
      const key = `gradients at ${names.join()} ${shapeKey(own)}`
      const outputs = await this.#runner.run(key, () => written.model, own)
      return written.gradients.map((gradient) => toFloats(outputs.get(gradient!)!))
    })
  }

  async lossGradients(batch: LossBatch<NdArray>): Promise<BatchedGradients | NotBatched> {
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
    const written =
      this.#lossGraphs.get(key) ??
      writeLossGradients(model, knowledge, {
        loss: named,
        hasFactors,
        parameters: this.#parameters,
        isAlone,
      })
    if ('reason' in written) return written
    const added: [string, NdArray][] = [[labelsInput, y]]
    if (y.factors !== undefined) added.push([factorsInput, withLastAxis(y.factors)])
    const outputs = await this.#runner.run(key, () => written.model, new Map([...feeds, ...added]))
    const floats = (name: string): Float32Array => outputs.get(name)!.data as Float32Array
    const integers = (name: string): Int32Array => outputs.get(name)!.data as Int32Array
    const block: GradientBlock = {
      exampleCount: countExamples(batch),
      segments: written.segments.map((segment) =>
        withArrays<Float32Array, Int32Array>(segment, floats, integers),
      ),
    }
    return {
      block,
      readOutput: () => Promise.resolve(toFloats(outputs.get(model.output)!)),
      [Symbol.dispose]: () => undefined,
    }
  }

  /** Runs a pass for all examples, or for one after the other if the model takes only one. */
  async #inOneBatch(feeds: Feeds, run: (feeds: Feeds) => Promise<NdArray[]>): Promise<NdArray[]> {
    const [first] = feeds.values()
    const [exampleCount = 0] = first?.shape ?? []
    if (exampleCount <= 1) return run(feeds)
    const own = new Map([...feeds].filter(([name]) => name !== seedInput))
    const { onlyAlone } = await this.#runner.knowledge(own)
    // A model that mixes its examples is refused by the checks of batches.
    if (onlyAlone === undefined || onlyAlone.isMixed) return run(feeds)
    warnOnce(
      this.model,
      `model '${this.name}' is computed one example at a time, because ${onlyAlone.reason}. Export it with a batch axis of ` +
        'any length (dynamic_axes or dynamic_shapes in PyTorch).',
    )
    const results: NdArray[][] = []
    for (let row = 0; row < exampleCount; row++) {
      const alone = new Map([...feeds].map(([name, array]) => [name, rows(array, row, row + 1)]))
      results.push(await run(alone))
    }
    return results[0]!.map((_, k) => concatenateRows(results.map((result) => result[k]!)))
  }
}

/** The model's inputs by name. */
function readFeeds(
  { inputs }: LoadedModel,
  x: readonly NdArray[],
  forwardArguments: ForwardArguments,
): Feeds {
  const names = new Set(inputs.map(({ name }) => name))
  const unknown = Object.keys(forwardArguments).find((name) => !names.has(name))
  if (unknown !== undefined) {
    throw new InvalidArgumentError(
      'forwardKwargs',
      `'${unknown}'`,
      `names of the model's inputs: ${[...names].join(', ')}`,
    )
  }
  const unnamed = [...x]
  return new Map(inputs.map(({ name }) => [name, forwardArguments[name] ?? unnamed.shift()!]))
}

function refuseInput(name: string): never {
  throw new UnsupportedError(
    name,
    `input '${name}': the output does not depend on it by differentiable steps (an integer look-up such as an ` +
      'embedding, an arg-max or a comparison is in between), so it has no gradient. Attribute to a layer after ' +
      `it, such as the embedding, with { layer }; or pass it by name, forwardKwargs: { ${name}: … }, and attribute to ` +
      'the other inputs.',
  )
}

/** The shape of the output for the examples of a batch. */
function outputShape(
  [, ...shape]: readonly (number | null)[],
  outputIndices: Int32Array,
  feeds: Feeds,
): number[] {
  const [first] = feeds.values()
  return [first?.shape[0] ?? outputIndices.length, ...shape.map((length) => length ?? 1)]
}

/** Returns 1 at each example's chosen outputs and 0 elsewhere. */
function oneHotRows(shape: readonly number[], indices: Int32Array): NdArray {
  const [exampleCount = 1] = shape
  const rowSize = sizeOf(shape.slice(1))
  const terms = indices.length / exampleCount
  const data = new Float32Array(exampleCount * rowSize)
  for (const [k, index] of indices.entries()) data[Math.floor(k / terms) * rowSize + index]! += 1
  return { data, shape }
}

const withLastAxis = ({ data, shape }: NdArray): NdArray => ({ data, shape: [...shape, 1] })

const toFloats = ({ type, data, shape }: GraphArray): NdArray => ({
  data: isFloat(type) ? data : Float32Array.from(data),
  shape,
})
