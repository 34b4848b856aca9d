import { InvalidArgumentError } from '../errors.js'
import { assertKnownKeys, describe } from '../options.js'

/** Options of connectExplainers. */
export interface ConnectOptions {
  /**
   * How long the worker may take to call `exposeExplainers`, in milliseconds. The time in which it loads the model does not
   * count. Default 30,000.
   */
  readonly timeoutMs?: number
}

const optionNames: readonly (keyof ConnectOptions)[] = ['timeoutMs']

const defaultTimeoutMs = 30_000

/** Longer timers fire at once. */
const greatestTimeoutMs = 2 ** 31 - 1

/** @throws InvalidArgumentError for an unknown option, or a time that is not positive */
export function readTimeout(options: ConnectOptions): number {
  assertKnownKeys('options', options, optionNames)
  const { timeoutMs = defaultTimeoutMs } = options
  if (typeof timeoutMs === 'number' && timeoutMs > 0 && timeoutMs <= greatestTimeoutMs) {
    return timeoutMs
  }
  throw new InvalidArgumentError(
    'timeoutMs',
    describe(timeoutMs),
    `milliseconds above 0 and at most ${greatestTimeoutMs}`,
  )
}
