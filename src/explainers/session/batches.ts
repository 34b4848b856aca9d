import { MemoryError, isGradlensError } from '../../errors.js'

/** What was computed of the examples from `start` to `end` − 1. */
export interface Computed<Result> {
  readonly result: Result
  readonly start: number
  readonly end: number
}

/**
 * Computes examples, or points of paths, batch by batch. Where memory does not suffice for a batch, it is halved and
 * tried again, and so are those after it.
 *
 * @param remedy what to do where it does not suffice for one
 * @throws MemoryError if it does not suffice for one example
 */
export async function* inBatches<Result>(
  exampleCount: number,
  batchSize: number,
  backend: (start: number, end: number) => Promise<Result>,
  remedy: string = similarityRemedy,
): AsyncGenerator<Computed<Result>> {
  let size = batchSize
  let start = 0
  while (start < exampleCount) {
    const end = Math.min(start + size, exampleCount)
    let result: Result
    try {
      result = await backend(start, end)
    } catch (error) {
      if (!isGradlensError(error, 'MemoryError')) throw error
      if (end - start === 1) throw notEvenOne(error, start, remedy)
      size = Math.ceil((end - start) / 2)
      continue
    }
    yield { result, start, end }
    start = end
  }
}

const similarityRemedy =
  'Leave precomputeGrads false, dispose of tensors and explainers that the page no longer needs, or explain a ' +
  'smaller model.'

function notEvenOne(cause: MemoryError, row: number, remedy: string): MemoryError {
  const { device, byteLength } = cause
  const asked =
    byteLength === undefined ? '' : ` ${byteLength.toLocaleString('en')} bytes more were asked for.`
  return new MemoryError(
    device,
    `${device}: memory does not suffice even for one example, number ${row}.${asked} ${remedy}`,
    { byteLength, cause },
  )
}
