import { describe, readPositiveInteger } from '../../options.js'
import { InvalidArgumentError } from '../../errors.js'
import { type NdArray, rows } from '../../ndarray.js'
import type { ForwardArguments } from '../../predictor.js'
import { mapValues } from '../reading/forward-arguments.js'
import type { ModelCall } from './model-session.js'

/** How many examples go into one pass: a number, or `'auto'`, as many as `passBytes` holds. */
export type BatchSizeOption = number | 'auto'

/**
 * What the tensors of one forward pass may take with `'auto'`. A pass of this size takes about 100 ms there and back on
 * wasm (2-core EPYC, 2026-11), and three times as much memory. The size follows from the shapes alone, so that a store
 * that is resumed gets the same batches.
 */
const passBytes = 48 * 2 ** 20

/** The option `batchSize` or `internalBatchSize` of an explainer. */
export class BatchSize {
  readonly option: BatchSizeOption
  /** The greatest size: the number itself, or what is fastest for small models. */
  readonly most: number

  /** @throws InvalidArgumentError for anything but 'auto' or an integer of 1 or more */
  constructor(argument: string, option: unknown, mostWithAuto: number) {
    if (option !== 'auto' && typeof option !== 'number') {
      throw new InvalidArgumentError(
        argument,
        describe(option),
        "'auto', or an integer of 1 or more",
      )
    }
    this.option = option === 'auto' ? option : readPositiveInteger(argument, option)
    this.most = this.option === 'auto' ? mostWithAuto : this.option
  }

  /**
   * Resolves to the number of examples, or points, in one pass.
   *
   * @param read gives examples, of which the first is measured; not called where the size is known without
   */
  async resolve<Value>(
    call: ModelCall<Value>,
    read: () => Promise<MeasuredExamples> | MeasuredExamples,
  ): Promise<number> {
    if (this.option !== 'auto') return this.option
    const { session } = await call.opened()
    if (session.exampleBytes === undefined) return this.most
    const { x, further = {} } = await read()
    const first = x.map((array) => rows(array, 0, 1))
    const own = mapValues(further, (array) => rows(array, 0, 1))
    const byteLength = await call.run(async () => session.exampleBytes!(first, own))
    return Math.min(this.most, Math.max(1, Math.floor(passBytes / byteLength)))
  }
}

interface MeasuredExamples {
  readonly x: readonly NdArray[]
  readonly further?: ForwardArguments
}
