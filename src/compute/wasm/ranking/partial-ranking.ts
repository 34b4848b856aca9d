import type { RankingOptions, ScoredExamples } from '../../ranking.js'
import { similarityNames } from '../../similarity.js'
import { addFloat16Products } from '../blocks/float16-products.js'
import type { PlacedBlock } from '../blocks/block-placement.js'
import { type HostFloat16Block, isHostFloat16Block } from '../blocks/float16-block.js'
import { withNorms } from '../blocks/norms.js'
import type { WasmInstance } from '../instance.js'
import { addProducts } from '../blocks/products.js'
import { listSlices } from '../blocks/segment-slice.js'
import { bytesPerFloat64, bytesPerFloat32 } from '../../../gradients/numbers/byte-sizes.js'

/** Training examples with their scores, for one test example after another: `counts` for each. */
export interface ScoredIndices extends ScoredExamples {
  readonly counts: Int32Array
}

/** The ranking of the training examples that one instance has seen. */
export interface PartialRanking {
  /** The most similar in order, finite scores only; all of them for a full order. */
  readonly most: ScoredIndices
  /** The least similar, the very least first; empty for a full order, whose end they are. */
  readonly least: ScoredIndices
  /** Ascending by index. */
  readonly nonFinite: ScoredIndices
}

/** The scores of one test example with successive training examples. */
interface Stretch {
  readonly trainStart: number
  readonly scores: Float32Array
}

interface Scored {
  readonly score: number
  readonly index: number
}

const keySize = 8
const headerSize = 8

/** Scores pairs of blocks of one instance, and keeps the candidates for the ranking. */
export class InstanceRanking {
  readonly #instance: WasmInstance
  readonly #options: RankingOptions
  readonly #nonFinite: Scored[][]
  /** All scores of each test example, for a full order. */
  readonly #stretches: Stretch[][] | undefined
  /** The heaps of each test example otherwise; see assembly/ranking.ts. */
  #states: number | undefined
  readonly #stateSize: number

  /** @throws MemoryError */
  constructor(instance: WasmInstance, options: RankingOptions) {
    this.#instance = instance
    this.#options = options
    const { testCount, trainCount, most, least } = options
    this.#nonFinite = Array.from({ length: testCount }, () => [])
    this.#stateSize = headerSize + keySize * (most + least)
    if (most >= trainCount) {
      this.#stretches = Array.from({ length: testCount }, () => [])
      return
    }
    const byteLength = testCount * this.#stateSize
    this.#states = instance.allocate(byteLength)
    instance.bytes.fill(0, this.#states, this.#states + byteLength)
  }

  /** @throws MemoryError, and none of these pairs is counted */
  add(
    test: PlacedBlock,
    testStart: number,
    train: PlacedBlock | HostFloat16Block,
    trainStart: number,
  ): void {
    const instance = this.#instance
    const { name, eps } = this.#options.similarity
    const pairCount = test.exampleCount * train.exampleCount
    instance.withScratch(pairCount * (bytesPerFloat64 + bytesPerFloat32), (sums) => {
      const scores = sums + pairCount * bytesPerFloat64
      instance.bytes.fill(0, sums, scores)
      if (isHostFloat16Block(train)) addFloat16Products(instance, test, train, sums)
      else addBlockProducts(instance, test, train, sums)
      withNorms(instance, train, (norms) => {
        instance.kernels.scoreRows(
          ...([sums, test.address + test.squaredNorms, test.exampleCount] as const),
          ...([norms, train.exampleCount] as const),
          ...([similarityNames.indexOf(name), eps, scores] as const),
        )
      })
      for (let row = 0; row < test.exampleCount; row++) {
        const at = scores + row * train.exampleCount * bytesPerFloat32
        this.#addScores(testStart + row, at, trainStart, train.exampleCount)
      }
    })
  }

  /** @throws MemoryError */
  finish(): PartialRanking {
    for (const scored of this.#nonFinite) scored.sort((a, b) => a.index - b.index)
    const { testCount, most } = this.#options
    const tests = Array.from({ length: testCount }, (_, test) => test)
    if (this.#stretches !== undefined) {
      return {
        most: concatenate(this.#stretches.map((stretches) => this.#sort(stretches))),
        least: concatenate(tests.map(() => noScores)),
        nonFinite: concatenate(this.#nonFinite.map(toArrays)),
      }
    }
    const states = tests.map((test) => this.#getState(test))
    for (const state of states) this.#instance.kernels.sortHeaps(state, most)
    return {
      most: concatenate(states.map((state) => this.#readMost(state))),
      least: concatenate(states.map((state) => this.#readLeast(state))),
      nonFinite: concatenate(this.#nonFinite.map(toArrays)),
    }
  }

  dispose(): void {
    if (this.#states !== undefined) this.#instance.release(this.#states)
    this.#states = undefined
  }

  #getState(test: number): number {
    return this.#states! + test * this.#stateSize
  }

  /** Adds scores at an address: one test example with the training examples from `trainStart` on. */
  #addScores(test: number, address: number, trainStart: number, count: number): void {
    const { kernels } = this.#instance
    const { most, least } = this.#options
    const start = address / bytesPerFloat32
    if (this.#stretches === undefined) {
      const state = this.#getState(test)
      if (kernels.offerScores(state, most, least, address, count, trainStart) === 0) return
    } else {
      const scores = this.#instance.floats.slice(start, start + count)
      this.#stretches[test]!.push({ trainStart, scores })
    }
    const { floats } = this.#instance
    for (let k = 0; k < count; k++) {
      const score = floats[start + k]!
      if (!Number.isFinite(score)) this.#nonFinite[test]!.push({ score, index: trainStart + k })
    }
  }

  /** Sorts the finite scores of a test example. */
  #sort(stretches: Stretch[]): ScoredExamples {
    stretches.sort((a, b) => a.trainStart - b.trainStart)
    const count = stretches.reduce((sum, { scores }) => sum + scores.length, 0)
    const { kernels } = this.#instance
    const scratchSize = kernels.sortScratchSize(count)
    return this.#instance.withScratch(2 * count * bytesPerFloat32 + scratchSize, (address) => {
      const order = address + count * bytesPerFloat32
      const given = new Float32Array(count)
      const indices = new Int32Array(count)
      let at = 0
      for (const { trainStart, scores } of stretches) {
        given.set(scores, at)
        for (let k = 0; k < scores.length; k++) indices[at + k] = trainStart + k
        at += scores.length
      }
      this.#instance.floats.set(given, address / bytesPerFloat32)
      kernels.sortScores(address, count, order, order + count * bytesPerFloat32)
      const positions = this.#instance.integers.subarray(
        order / bytesPerFloat32,
        order / bytesPerFloat32 + count,
      )
      let finite = count
      while (finite > 0 && !Number.isFinite(given[positions[finite - 1]!])) finite--
      const sorted: ScoredExamples = {
        scores: new Float32Array(finite),
        indices: new Int32Array(finite),
      }
      for (let k = 0; k < finite; k++) {
        sorted.scores[k] = given[positions[k]!]!
        sorted.indices[k] = indices[positions[k]!]!
      }
      return sorted
    })
  }

  /** Reads the keys of the most similar: the score's code above the complement of the index. */
  #readMost(state: number): ScoredExamples {
    const count = this.#instance.integers[state / bytesPerFloat32]!
    return this.#decodeKeys(
      state + headerSize,
      count,
      (word) => word,
      (word) => ~word,
    )
  }

  /** Reads the keys of the least similar, which are complements. */
  #readLeast(state: number): ScoredExamples {
    const count = this.#instance.integers[state / bytesPerFloat32 + 1]!
    const keys = state + headerSize + keySize * this.#options.most
    return this.#decodeKeys(
      keys,
      count,
      (word) => ~word,
      (word) => word,
    )
  }

  #decodeKeys(
    keys: number,
    count: number,
    code: (high: number) => number,
    index: (low: number) => number,
  ): ScoredExamples {
    const bits = new Int32Array(count)
    const indices = new Int32Array(count)
    const { integers } = this.#instance
    for (let k = 0; k < count; k++) {
      const at = (keys + k * keySize) / bytesPerFloat32
      indices[k] = index(integers[at]!)
      const high = code(integers[at + 1]!)
      // The sign bit is set in the codes of positive numbers; those of negative ones are complements.
      bits[k] = high < 0 ? high & 0x7fffffff : ~high
    }
    return { scores: new Float32Array(bits.buffer), indices }
  }
}

function addBlockProducts(
  instance: WasmInstance,
  test: PlacedBlock,
  train: PlacedBlock,
  sums: number,
): void {
  for (const a of listSlices(test)) {
    for (const b of listSlices(train)) {
      if (a.parameter === b.parameter) addProducts(instance, a, b, sums)
    }
  }
}

const noScores: ScoredExamples = { scores: new Float32Array(), indices: new Int32Array() }

const toArrays = (scored: readonly Scored[]): ScoredExamples => ({
  scores: Float32Array.from(scored, ({ score }) => score),
  indices: Int32Array.from(scored, ({ index }) => index),
})

function concatenate(parts: readonly ScoredExamples[]): ScoredIndices {
  const counts = Int32Array.from(parts, ({ indices }) => indices.length)
  const total = counts.reduce((sum, count) => sum + count, 0)
  const scores = new Float32Array(total)
  const indices = new Int32Array(total)
  let at = 0
  for (const part of parts) {
    scores.set(part.scores, at)
    indices.set(part.indices, at)
    at += part.indices.length
  }
  return { counts, scores, indices }
}
