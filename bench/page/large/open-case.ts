import type { NdArray } from 'gradlens'
import type { LargeCase } from '../../large/cases.js'
import type { LargeResults, LargeTask, Place } from '../../large/protocol.js'
import { createExplainers, type Examples, type Explainers, type Similarity } from './explainers.js'

/** A model with its data, whose explainers run in one place. */
export class OpenCase {
  static async open(folder: string, description: LargeCase, place: Place): Promise<OpenCase> {
    const count = description.exampleCount + 1
    const x = description.inputs.map(async ({ dtype, shape }, at): Promise<NdArray> => {
      const bytes = await fetchBytes(`${folder}/x-${at}.bin`)
      const data = dtype === 'int32' ? new Int32Array(bytes) : new Float32Array(bytes)
      return { data, shape: [count, ...shape] }
    })
    const labels = new Int32Array(await fetchBytes(`${folder}/y.bin`))
    const examples = [await Promise.all(x), { data: labels, shape: [count] }] as const
    return new OpenCase(description, await createExplainers(folder, description, place), examples)
  }

  readonly #description: LargeCase
  readonly #explainers: Explainers
  readonly #x: readonly NdArray[]
  readonly #y: NdArray
  #similarity: Similarity

  private constructor(
    description: LargeCase,
    explainers: Explainers,
    [x, y]: readonly [readonly NdArray[], NdArray],
  ) {
    this.#description = description
    this.#explainers = explainers
    this.#x = x
    this.#y = y
    this.#similarity = explainers.createSimilarity()
  }

  get storedBytesPerExample(): number {
    return this.#similarity.gradientBytes / this.#description.exampleCount
  }

  /** Milliseconds; of `fit`, per example. */
  async measure(task: LargeTask): Promise<number> {
    const { exampleCount } = this.#description
    const start = performance.now()
    if (task === 'fit') await this.fit(exampleCount)
    else if (task === 'explainStored') await this.#explain()
    else await this.#attribute()
    return (performance.now() - start) / (task === 'fit' ? exampleCount : 1)
  }

  /** Fits the first training examples with a new explainer. */
  async fit(count: number): Promise<void> {
    this.#similarity.dispose()
    this.#similarity = this.#explainers.createSimilarity()
    await this.#similarity.fit(...this.#examples(0, count))
  }

  async results(): Promise<LargeResults> {
    await this.fit(this.#description.exampleCount)
    const { scores, orderedIndices } = await this.#explain()
    const byIndex = new Array<number>(scores.data.length)
    orderedIndices.data.forEach((index, rank) => {
      byIndex[index] = scores.data[rank]!
    })
    return { scores: byIndex, attributions: [...(await this.#attribute())[0]!.data] }
  }

  async #explain(): ReturnType<Similarity['explain']> {
    return this.#similarity.explain(...this.#examples(this.#description.exampleCount, 1))
  }

  async #attribute(): Promise<readonly NdArray[]> {
    const { exampleCount, target } = this.#description
    const [x] = this.#examples(exampleCount, 1)
    return (await this.#explainers.integrated.explain(x, { target })).attributions
  }

  /** Examples with their labels, from `start` on. */
  #examples(start: number, count: number): [Examples, NdArray] {
    const part = ({ data, shape }: NdArray): NdArray => {
      const size = data.length / shape[0]!
      return {
        data: data.slice(start * size, (start + count) * size),
        shape: [count, ...shape.slice(1)],
      }
    }
    const x = this.#x.map(part)
    return [x.length === 1 ? x[0]! : x, part(this.#y)]
  }
}

async function fetchBytes(address: string): Promise<ArrayBuffer> {
  const response = await fetch(address)
  if (!response.ok) throw new Error(`${address}: ${response.status}`)
  return response.arrayBuffer()
}
