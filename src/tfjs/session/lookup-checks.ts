import * as tf from '@tensorflow/tfjs'
import type { Tensor } from '@tensorflow/tfjs'
import { InvalidArgumentError } from '../../errors.js'
import { isWebgpu } from '../engine/backends.js'
import type { OpenDevice } from '../engine/devices.js'
import { type Lookup, withLookups } from '../engine/lookups.js'

interface PendingCheck {
  /** [2, n], the smallest and the largest index along each of n axes. */
  readonly bounds: Tensor
  readonly lookup: Lookup
  readonly table: string
}

/**
 * Checks that look-ups stay within their tables. On webgpu, TensorFlow.js accepts any index.
 * Indices that are only on the GPU are reduced there and read after the run.
 */
export class LookupChecks {
  readonly #device: OpenDevice
  readonly #nameOf: (table: Tensor) => string | undefined
  /** The lengths of tables, by the indices that were checked against them. */
  readonly #checked = new Map<object, Set<string>>()
  #pending: PendingCheck[] = []

  constructor(device: OpenDevice, nameOf: (table: Tensor) => string | undefined) {
    this.#device = device
    this.#nameOf = nameOf
  }

  /** @throws InvalidArgumentError for an index outside of a table, if its value is known at once */
  run<Result>(run: () => Result): Result {
    try {
      return withLookups((lookup) => {
        this.#check(lookup)
      }, run)
    } catch (error) {
      for (const { bounds } of this.#pending) bounds.dispose()
      this.#pending = []
      throw error
    }
  }

  /** Resolves to the error of the first look-up that left its table, or to null. Never rejects. */
  async finish(): Promise<Error | null> {
    const pending = this.#pending
    this.#pending = []
    const errors = await Promise.all(
      pending.map(async ({ bounds, lookup, table }) => {
        try {
          const { entryCounts } = lookup
          const values = [...(await bounds.data())]
          const axisCount = entryCounts.length
          return outOfRange(values.slice(0, axisCount), values.slice(axisCount), lookup, table)
        } catch {
          // The device was lost; the reads of the results say so.
          return null
        } finally {
          bounds.dispose()
        }
      }),
    )
    return errors.find((error) => error !== null) ?? null
  }

  #check(lookup: Lookup): void {
    const { indices, table, entryCounts } = lookup
    if (indices.size === 0) return
    const checked = this.#checked.get(indices.dataId) ?? new Set()
    const lengths = entryCounts.join()
    if (checked.has(lengths)) return
    this.#checked.set(indices.dataId, checked.add(lengths))
    const axisCount = entryCounts.length
    const name = this.#nameOf(table)
    const described = name === undefined ? 'a table' : `table '${name}'`
    if (this.#isOnlyOnGpu(indices)) {
      const bounds = tf.tidy(() => {
        const rows = indices.reshape([-1, axisCount]).toFloat()
        return tf.keep(tf.stack([rows.min(0), rows.max(0)]))
      })
      this.#pending.push({ bounds, lookup, table: described })
      return
    }
    const values = indices.dataSync<'int32'>()
    const least = entryCounts.map(() => Infinity)
    const most = entryCounts.map(() => -Infinity)
    for (const [at, value] of values.entries()) {
      const axis = at % axisCount
      least[axis] = Math.min(least[axis]!, value)
      most[axis] = Math.max(most[axis]!, value)
    }
    const error = outOfRange(least, most, lookup, described)
    if (error !== null) throw error
  }

  #isOnlyOnGpu({ dataId }: Tensor): boolean {
    const { backend } = this.#device
    if (!isWebgpu(backend)) return false
    return !backend.tensorMap.has(dataId) || backend.tensorMap.get(dataId).values == null
  }
}

/** @param least per indexed axis, as `most` */
function outOfRange(
  least: readonly number[],
  most: readonly number[],
  { entryCounts }: Lookup,
  table: string,
): InvalidArgumentError | null {
  const axis = entryCounts.findIndex((count, i) => !(least[i]! >= 0 && most[i]! < count))
  if (axis < 0) return null
  const count = entryCounts[axis]!
  const value = most[axis]! < count ? least[axis]! : most[axis]!
  const place = entryCounts.length === 1 ? '' : ` along axis ${axis}`
  return new InvalidArgumentError(
    'token ids',
    `${value}, which the model looks up in ${table} of ${count} entries${place}`,
    `whole numbers from 0 to ${count - 1}`,
  )
}
