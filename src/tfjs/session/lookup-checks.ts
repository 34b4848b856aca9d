import * as tf from '@tensorflow/tfjs'
import type { Tensor } from '@tensorflow/tfjs'
import { InvalidArgumentError } from '../../errors.js'
import { isWebgpu } from '../engine/backends.js'
import type { OpenDevice } from '../engine/devices.js'
import { type Lookup, withLookups } from '../engine/lookups.js'

interface PendingCheck {
  /** The smallest and the largest index. */
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
  readonly #checked = new Set<object>()
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
          const [least = 0, most = 0] = await bounds.data()
          return outOfRange(least, most, lookup.entryCount, table)
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
    const { indices, table, entryCount } = lookup
    if (indices.size === 0 || this.#checked.has(indices.dataId)) return
    this.#checked.add(indices.dataId)
    const name = this.#nameOf(table)
    const described = name === undefined ? 'a table' : `table '${name}'`
    if (this.#isOnlyOnGpu(indices)) {
      const bounds = tf.tidy(() => {
        const flat = indices.flatten().toFloat()
        return tf.keep(tf.stack([flat.min(), flat.max()]))
      })
      this.#pending.push({ bounds, lookup, table: described })
      return
    }
    const values = indices.dataSync<'int32'>()
    const least = values.reduce((a, b) => Math.min(a, b))
    const most = values.reduce((a, b) => Math.max(a, b))
    const error = outOfRange(least, most, entryCount, described)
    if (error !== null) throw error
  }

  #isOnlyOnGpu({ dataId }: Tensor): boolean {
    const { backend } = this.#device
    if (!isWebgpu(backend)) return false
    return !backend.tensorMap.has(dataId) || backend.tensorMap.get(dataId).values == null
  }
}

function outOfRange(
  least: number,
  most: number,
  entryCount: number,
  table: string,
): InvalidArgumentError | null {
  if (least >= 0 && most < entryCount) return null
  return new InvalidArgumentError(
    'token ids',
    `${most < entryCount ? least : most}, which the model looks up in ${table} of ${entryCount} entries`,
    `whole numbers from 0 to ${entryCount - 1}`,
  )
}
