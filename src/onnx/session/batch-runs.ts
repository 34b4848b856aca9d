import { concatenateRows, type NdArray, rows } from '../../ndarray.js'
import { warnOnce } from '../../warn-once.js'
import type { BatchKnowledge } from '../graph/batch-knowledge.js'
import type { Feeds } from '../graph/probe.js'
import type { LoadedModel } from '../model/loaded-model.js'
import type { WrittenModel } from '../model/write-model.js'
import { toFloats } from './feeds.js'
import type { ModelRunner } from './model-runner.js'

/** Inputs of many lengths would otherwise add up. */
const keptGraphs = 32

/** Runs graphs of a model for all examples, or for one after the other if the model takes only one. */
export class BatchRuns {
  readonly runner: ModelRunner
  readonly #owner: object
  /** Graphs of the current weights by key, in order of use. */
  readonly #written = new Map<string, unknown>()
  #version = 0

  /** @param owner the object for which warnings are shown once */
  constructor(runner: ModelRunner, owner: object) {
    this.runner = runner
    this.#owner = owner
  }

  get model(): LoadedModel {
    return this.runner.model
  }

  /** Returns a graph that was written before for the same key and weights, or writes it. */
  writeOnce<Written>(key: string, write: () => Written): Written {
    if (this.#version !== this.model.version) this.#written.clear()
    this.#version = this.model.version
    const written = this.#written.has(key) ? (this.#written.get(key) as Written) : write()
    this.#written.delete(key)
    this.#written.set(key, written)
    const [oldest] = this.#written.keys()
    if (this.#written.size > keptGraphs && oldest !== undefined) this.#written.delete(oldest)
    return written
  }

  /** Returns what is known about inputs of these shapes. Other inputs of a graph are left out. */
  knowledge(feeds: Feeds): Promise<BatchKnowledge> {
    const own = this.model.inputs.map(({ name }) => [name, feeds.get(name)!] as const)
    return this.runner.knowledge(new Map(own))
  }

  /**
   * Returns some outputs of a graph, as float32.
   *
   * @param key the same for the same graph
   */
  async run(
    key: string,
    write: () => WrittenModel,
    feeds: Feeds,
    outputs: readonly string[],
  ): Promise<NdArray[]> {
    const [first] = feeds.values()
    const [exampleCount = 0] = first?.shape ?? []
    const compute = async (own: Feeds): Promise<NdArray[]> => {
      const results = await this.runner.run(key, write, own)
      return outputs.map((output) => toFloats(results.get(output)!))
    }
    if (exampleCount <= 1 || !(await this.isAlone(feeds))) return compute(feeds)
    const results: NdArray[][] = []
    for (let row = 0; row < exampleCount; row++) {
      const alone = [...feeds].map(([name, array]) => [name, rows(array, row, row + 1)] as const)
      results.push(await compute(new Map(alone)))
    }
    return results[0]!.map((_, k) => concatenateRows(results.map((result) => result[k]!)))
  }

  /** Returns true, with a warning, if the model can only compute one example at a time. */
  async isAlone(feeds: Feeds): Promise<boolean> {
    const { onlyAlone } = await this.knowledge(feeds)
    // A model that mixes its examples is refused by the checks of batches.
    if (onlyAlone === undefined || onlyAlone.isMixed) return false
    warnOnce(
      this.#owner,
      `model '${this.model.name}' is computed one example at a time, because ${onlyAlone.reason}. Export it with a batch ` +
        'axis of any length (dynamic_axes or dynamic_shapes in PyTorch).',
    )
    return true
  }
}
