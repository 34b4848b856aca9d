import { DeviceError, DisposedError } from '../../../errors.js'
import type { DeviceGradients, Ranker } from '../../gradient-backend.js'
import { type Ranking, RankingBuilder, type RankingOptions } from '../../ranking.js'
import type { Commands } from '../gpu/commands.js'
import { copyPairs } from './copy-pairs.js'
import type { GpuWork } from '../gpu/gpu-work.js'
import type { GpuGradients } from '../webgpu-gradients.js'
import { planProducts } from '../products/product-plan.js'
import { computePairProducts } from '../products/products.js'
import { bytesPerPair, type GroupRows, readMask, addRows } from './ranked-rows.js'
import { type ScoredTile, scoreTile } from './scores.js'
import type { Slab } from '../slab.js'
import { sortPairs } from './sort-pairs.js'
import { divideIntoTiles } from './tiles.js'

/** Some test examples and their ranking so far, in buffers that can be bound as a whole. */
interface Group {
  readonly start: number
  readonly count: number
  /**
   * All scores, [count, trainCount]. If only the ends of the order are needed, [2, count, columns]: the most similar so
   * far in order, then the least similar.
   */
  readonly pairs: GPUBuffer
  /** The number of scores that are not finite, then a bit for each. A full order has them at its end, and no mask. */
  readonly mask: GPUBuffer
}

/** A tile without the place of its scores. */
type TileToScore = Pick<
  ScoredTile,
  'left' | 'right' | 'tile' | 'partials' | 'slotCount' | 'trainStart'
>

/** The most bytes of a tile of pairs: its temporary memory must stay small compared to the gradients. */
const maxTileBytes = 64 * 2 ** 20

/** Ranks on the GPU: keeps all scores, or the ends of the order so far. */
export class GpuRanker implements Ranker {
  readonly #work: GpuWork
  readonly #options: RankingOptions
  readonly #isFull: boolean
  /** The pairs in a row of a group. */
  readonly #columns: number
  readonly #maskWords: number
  #groups: readonly Group[] | undefined
  /** Rejects if work that the ranking depends on failed. */
  #ready: Promise<void> = Promise.resolve()

  constructor(work: GpuWork, options: RankingOptions) {
    const { trainCount, most, least } = options
    this.#work = work
    this.#options = options
    this.#isFull = most >= trainCount
    this.#columns = this.#isFull ? trainCount : Math.max(1, most, least)
    this.#maskWords = this.#isFull ? 0 : Math.ceil(trainCount / 32)
    this.#groups = this.#openGroups()
  }

  async add(
    test: DeviceGradients,
    testStart: number,
    train: DeviceGradients,
    trainStart: number,
  ): Promise<void> {
    const groups = this.#requireGroups()
    const [left, right] = [test as GpuGradients, train as GpuGradients]
    this.#follow(left.ready)
    this.#follow(right.ready)
    const [leftSlabs, rightSlabs] = [left.slabs, right.slabs]
    for (const group of groups) {
      for (const leftSlab of leftSlabs) {
        for (const rightSlab of rightSlabs) {
          await this.#addSlabs(group, leftSlab, testStart, rightSlab, trainStart)
        }
      }
    }
  }

  async finish(): Promise<Ranking> {
    const builder = new RankingBuilder(this.#options)
    for (const group of this.#requireGroups()) {
      const rows = this.#isFull ? await this.#readFull(group) : await this.#readEnds(group)
      addRows(builder, group.start, rows)
    }
    return builder.build()
  }

  [Symbol.dispose](): void {
    const groups = this.#groups ?? []
    this.#groups = undefined
    for (const { pairs, mask } of groups) {
      this.#work.destroyBuffer(pairs)
      this.#work.destroyBuffer(mask)
    }
  }

  #requireGroups(): readonly Group[] {
    this.#work.assertUsable()
    if (this.#groups !== undefined) return this.#groups
    throw new DisposedError('This ranking was disposed; open another one.')
  }

  #openGroups(): Group[] {
    const { testCount } = this.#options
    const sides = this.#isFull ? 1 : 2
    const rowBytes = Math.max(sides * this.#columns * bytesPerPair, this.#maskWords * 4)
    // The mask has one more word than its rows, and a tile of one pair adds a pair to each side.
    const rows = Math.floor((this.#work.maxBindingBytes - 4 * bytesPerPair) / rowBytes)
    if (rows === 0) {
      throw new DeviceError(
        'webgpu',
        `webgpu: the ranking of one test example takes ${rowBytes} bytes; this device's kernels can bind ` +
          `${this.#work.maxBindingBytes} at once. Use a smaller topK, or device 'wasm'.`,
      )
    }
    const groups: Group[] = []
    const submitted = this.#work.submit(() => {
      for (let start = 0; start < testCount; start += rows) {
        const count = Math.min(rows, testCount - start)
        const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC
        const pairs = this.#work.createBuffer(count * sides * this.#columns * bytesPerPair, usage)
        const mask = this.#work.createBuffer(4 + count * this.#maskWords * 4, usage)
        groups.push({ start, count, pairs, mask })
      }
    })
    this.#follow(submitted)
    return groups
  }

  /** Makes the ranking fail if `work` does. */
  #follow(work: Promise<void>): void {
    this.#ready = Promise.all([this.#ready, work]).then(() => undefined)
    // finish() and settle() report the failure.
    this.#ready.catch(() => undefined)
  }

  /** Adds the pairs of two slabs whose test examples belong to the group. */
  async #addSlabs(
    group: Group,
    left: Slab,
    testStart: number,
    right: Slab,
    trainStart: number,
  ): Promise<void> {
    const slabStart = testStart + left.rowStart
    const first = Math.max(slabStart, group.start)
    const end = Math.min(slabStart + left.exampleCount, group.start + group.count)
    if (first >= end) return
    const { plans, slotCount } = planProducts(left.segments, right.segments)
    const all = {
      leftRow: first - slabStart,
      leftRows: end - first,
      rightRow: 0,
      rightRows: right.exampleCount,
    }
    for (const tile of divideIntoTiles(all, this.#measureTile(slotCount))) {
      const groupRow = slabStart + tile.leftRow - group.start
      const start = trainStart + right.rowStart + tile.rightRow
      const submitted = this.#work.submit((commands) => {
        const partials = commands.createTemporary(tile.leftRows * tile.rightRows * slotCount * 4)
        for (const plan of plans) computePairProducts(commands, plan, tile, partials)
        const scored = { left, right, tile, partials, slotCount, trainStart: start }
        if (this.#isFull) this.#fillTable(commands, group, groupRow, scored)
        else this.#updateEnds(commands, group, groupRow, scored)
      })
      this.#follow(submitted)
      await this.#work.waitForRoom()
    }
  }

  #measureTile(slotCount: number): { perPair: number; perLeftRow: number; max: number } {
    const max = Math.min(maxTileBytes, this.#work.maxBindingBytes)
    if (this.#isFull) return { perPair: Math.max(4, slotCount * 4), perLeftRow: 0, max }
    const perLeftRow = 2 * this.#columns * bytesPerPair
    return {
      perPair: Math.max(2 * bytesPerPair, slotCount * 4),
      perLeftRow,
      max: Math.max(max, Math.min(2 * perLeftRow, this.#work.maxBindingBytes)),
    }
  }

  #fillTable(commands: Commands, group: Group, groupRow: number, scored: TileToScore): void {
    const places = {
      pairs: group.pairs,
      pairsRow: groupRow,
      pairsColumn: scored.trainStart,
      columns: this.#columns,
      copyDistance: 0,
      mask: group.mask,
      maskRow: 0,
      maskWords: 0,
    }
    scoreTile(commands, { ...scored, ...places }, this.#options.similarity)
  }

  /** Sorts the tile's scores together with both ends so far, and keeps the new ends. */
  #updateEnds(commands: Commands, group: Group, groupRow: number, scored: TileToScore): void {
    const { leftRows, rightRows } = scored.tile
    const width = this.#columns
    const columns = width + rightRows
    const candidates = commands.createTemporary(2 * leftRows * columns * bytesPerPair)
    const kept = { pairs: group.pairs, exampleCount: group.count, columns: width, row: groupRow }
    const inTile = { pairs: candidates, exampleCount: leftRows, columns, row: 0 }
    copyPairs(commands, kept, inTile, leftRows, width)
    const places = {
      pairs: candidates,
      pairsRow: 0,
      pairsColumn: width,
      columns,
      copyDistance: leftRows,
      mask: group.mask,
      maskRow: groupRow,
      maskWords: this.#maskWords,
    }
    scoreTile(commands, { ...scored, ...places }, this.#options.similarity)
    sortPairs(commands, {
      pairs: candidates,
      exampleCount: 2 * leftRows,
      columns,
      leastFrom: leftRows,
    })
    copyPairs(commands, inTile, kept, leftRows, width)
  }

  async #readFull({ pairs, count }: Group): Promise<GroupRows> {
    const columns = this.#columns
    const byteLength = count * columns * bytesPerPair
    const [bytes] = await this.#work.read(
      [{ buffer: pairs, byteLength }],
      this.#ready,
      (commands) => {
        sortPairs(commands, { pairs, exampleCount: count, columns, leastFrom: count })
      },
    )
    return { count, columns, pairs: new Uint32Array(bytes!), nonFinite: undefined }
  }

  async #readEnds({ pairs, mask, count }: Group): Promise<GroupRows> {
    const columns = this.#columns
    const byteLength = 2 * count * columns * bytesPerPair
    const [bytes, nonFiniteCount] = await this.#work.read(
      [
        { buffer: pairs, byteLength },
        { buffer: mask, byteLength: 4 },
      ],
      this.#ready,
    )
    const rows = { count, columns, pairs: new Uint32Array(bytes!) }
    if (new Uint32Array(nonFiniteCount!)[0] === 0) return { ...rows, nonFinite: [] }
    const source = { buffer: mask, byteLength: 4 + count * this.#maskWords * 4 }
    const [words] = await this.#work.read([source], this.#ready)
    return { ...rows, nonFinite: readMask(new Uint32Array(words!), count) }
  }
}
