/** The base class of all errors of this library. Its subclasses have fields for programs. */
export class GradlensError extends Error {
  override readonly name: string = 'GradlensError'
}

/** An argument or option is invalid. Nothing was computed or changed. */
export class InvalidArgumentError extends GradlensError {
  override readonly name = 'InvalidArgumentError'
  /** Which argument, by its name in the call. */
  readonly argument: string
  /** What was expected of it. */
  readonly expected: string

  constructor(argument: string, got: string, expected: string, options?: ErrorOptions) {
    super(`${argument}: got ${got}; expected ${expected}.`, options)
    this.argument = argument
    this.expected = expected
  }
}

/** A NaN or an infinity where a finite number is needed. */
export class NonFiniteError extends GradlensError {
  override readonly name = 'NonFiniteError'
  /** The index of the first one, per axis. */
  readonly index: readonly number[]

  constructor(what: string, value: number, index: readonly number[], remedy: string) {
    super(`${what}: ${value} at [${index.join(', ')}]; expected finite numbers. ${remedy}`)
    this.index = index
  }
}

/** `explain` was called before `fit` had finished. */
export class NotFittedError extends GradlensError {
  override readonly name = 'NotFittedError'
}

/** The explainer or predictor session was used after `dispose()`. */
export class DisposedError extends GradlensError {
  override readonly name = 'DisposedError'
}

/** The model's weights, or which of them are trainable, changed during a call. Nothing of it was kept; call it again. */
export class ModelChangedError extends GradlensError {
  override readonly name = 'ModelChangedError'
}

/** The model, an operation or a combination cannot be explained exactly, and so is not explained at all. */
export class UnsupportedError extends GradlensError {
  override readonly name = 'UnsupportedError'
  /** What is not supported: an operation's or a layer's name. */
  readonly feature: string

  constructor(feature: string, message: string, options?: ErrorOptions) {
    super(message, options)
    this.feature = feature
  }
}

/** A device cannot be used, or was lost. */
export class DeviceError extends GradlensError {
  override readonly name = 'DeviceError'
  readonly device: string

  constructor(device: string, message: string, options?: ErrorOptions) {
    super(message, options)
    this.device = device
  }
}

/** A device or JavaScript is out of memory. Nothing was computed; a smaller batch may fit. */
export class MemoryError extends GradlensError {
  override readonly name = 'MemoryError'
  /** The device whose memory it is. */
  readonly device: string
  /** What was asked for at once, in bytes; undefined where the platform does not tell. */
  readonly byteLength: number | undefined

  constructor(
    device: string,
    message: string,
    { byteLength, ...options }: ErrorOptions & { readonly byteLength?: number | undefined } = {},
  ) {
    super(message, options)
    this.device = device
    this.byteLength = byteLength
  }
}

/**
 * What is wrong with a store:
 *
 * - `missing`: a part of it doesn't exist
 * - `damaged`: a part of it is damaged
 * - `different`: it belongs to another model, loss or layout
 * - `locked`: another writer has locked it
 * - `full`: there is no space left
 * - `unreachable`: it cannot be reached
 * - `unsupported`: it needs a feature that is not supported here
 */
export type StoreFailure =
  'missing' | 'damaged' | 'different' | 'locked' | 'full' | 'unreachable' | 'unsupported'

/** A store of gradients cannot be read or written. Rows that were written before are kept. */
export class StoreError extends GradlensError {
  override readonly name = 'StoreError'
  readonly failure: StoreFailure
  /** The array of the store, and the index of its chunk along the rows, if it is one. */
  readonly array: string | undefined
  readonly chunk: number | undefined
  /** The HTTP status, if a server answered. */
  readonly status: number | undefined

  constructor(
    failure: StoreFailure,
    message: string,
    {
      array,
      chunk,
      status,
      ...options
    }: ErrorOptions & {
      readonly array?: string | undefined
      readonly chunk?: number | undefined
      readonly status?: number | undefined
    } = {},
  ) {
    super(message, options)
    this.failure = failure
    this.array = array
    this.chunk = chunk
    this.status = status
  }
}

interface ErrorsByName {
  InvalidArgumentError: InvalidArgumentError
  NonFiniteError: NonFiniteError
  NotFittedError: NotFittedError
  DisposedError: DisposedError
  ModelChangedError: ModelChangedError
  UnsupportedError: UnsupportedError
  DeviceError: DeviceError
  MemoryError: MemoryError
  StoreError: StoreError
}

/** Returns true for an error of this library. Works across bundles and workers, unlike `instanceof`. */
export function isGradlensError(error: unknown): error is GradlensError
/** Returns true for an error of the class `name`. Works across bundles and workers, unlike `instanceof`. */
export function isGradlensError<Name extends keyof ErrorsByName>(
  error: unknown,
  name: Name,
): error is ErrorsByName[Name]
export function isGradlensError(error: unknown, name?: keyof ErrorsByName): boolean {
  if (!(error instanceof Error)) return false
  return name === undefined ? errorNames.has(error.name) : error.name === name
}

const errorNames: ReadonlySet<string> = new Set<'GradlensError' | keyof ErrorsByName>([
  'GradlensError',
  'InvalidArgumentError',
  'NonFiniteError',
  'NotFittedError',
  'DisposedError',
  'ModelChangedError',
  'UnsupportedError',
  'DeviceError',
  'MemoryError',
  'StoreError',
])
