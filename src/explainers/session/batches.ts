import { MemoryError, isGradlensError } from '../../errors.js'

/** What was computed for the examples from `start` to `end` − 1. */
export interface Computed<Result> {
  readonly result: Result
  readonly start: number
  readonly end: number
}

export interface BatchOptions<Result> {
  /** What to do if memory doesn't suffice for one example. */
  readonly remedy?: string
  /** How many batches are computed at the same time. Default 1. */
  readonly concurrency?: number
  /** Releases a result that is not yielded: a batch that ran ahead when the caller stopped. */
  readonly discard?: (result: Result) => void
}

interface Batch<Result> extends Omit<Computed<Result>, 'result'> {
  readonly result: Promise<Result>
}

/**
 * Computes examples, or points of paths, batch by batch, and yields the results in order. If memory runs
 * out, the batch is halved and computed again, and so are the batches after it.
 *
 * @throws MemoryError if memory doesn't suffice for one example
 */
export async function* runInBatches<Result>(
  exampleCount: number,
  batchSize: number,
  compute: (start: number, end: number) => Promise<Result>,
  { remedy = similarityRemedy, concurrency = 1, discard }: BatchOptions<Result> = {},
): AsyncGenerator<Computed<Result>> {
  let size = batchSize
  let limit = concurrency
  let next = 0
  let running: Batch<Result>[] = []
  const drop = (): void => {
    for (const { result } of running) result.then(discard, () => undefined)
    running = []
  }
  try {
    for (;;) {
      while (running.length < limit && next < exampleCount) {
        const [start, end] = [next, Math.min(next + size, exampleCount)]
        const result = compute(start, end)
        // A batch that runs ahead may fail before its turn.
        result.catch(() => undefined)
        running.push({ result, start, end })
        next = end
      }
      const batch = running[0]
      if (batch === undefined) return
      const { start, end } = batch
      let result: Result
      try {
        result = await batch.result
      } catch (error) {
        if (!isGradlensError(error, 'MemoryError')) throw error
        if (end - start === 1) throw describeShortage(error, start, remedy)
        await Promise.allSettled(running.map((other) => other.result))
        drop()
        ;[next, size, limit] = [start, Math.ceil((end - start) / 2), 1]
        continue
      }
      running.shift()
      yield { result, start, end }
    }
  } finally {
    drop()
  }
}

const similarityRemedy =
  'Leave precomputeGrads false, dispose of tensors and explainers that the page no longer needs, or explain a ' +
  'smaller model.'

function describeShortage(cause: MemoryError, example: number, remedy: string): MemoryError {
  const { device, byteLength } = cause
  const asked =
    byteLength === undefined ? '' : ` It needed ${byteLength.toLocaleString('en')} more bytes.`
  return new MemoryError(
    device,
    `${device}: there is not enough memory even for one example, number ${example}.${asked} ${remedy}`,
    { byteLength, cause },
  )
}
