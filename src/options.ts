import { InvalidArgumentError } from './errors.js'

/** Where a computation runs. 'native' is a runtime's own machine code, as of onnxruntime-node. */
export type Device = 'webgpu' | 'native' | 'wasm' | 'cpu'

/** A device by name, or `'auto'`: the first of the model's devices that works. */
export type DeviceChoice = Device | 'auto'

export const deviceChoices: readonly DeviceChoice[] = ['auto', 'webgpu', 'native', 'wasm', 'cpu']

/**
 * The progress of a call: `done` of `total` examples. Integrated gradients count points of their paths, and
 * measures of explanations count perturbed examples.
 */
export interface Progress {
  readonly phase: 'fit' | 'curvature' | 'estimate' | 'explain' | 'evaluate' | 'verify' | 'merge'
  readonly done: number
  readonly total: number
}

/** Options of every long call. */
export interface CallOptions {
  /** Ends the call: it rejects with `signal.reason` and the explainer stays as it was before. */
  readonly signal?: AbortSignal | undefined
  /** Called with the progress, in examples or in the unit of the phase. */
  readonly onProgress?: ((progress: Progress) => void) | undefined
}

/** @throws InvalidArgumentError for anything but an AbortSignal or undefined */
export function checkSignal(signal: AbortSignal | undefined): void {
  if (signal === undefined || typeof signal.throwIfAborted === 'function') return
  throw new InvalidArgumentError(
    'signal',
    describe(signal),
    "an AbortSignal; of an AbortController, its 'signal'",
  )
}

/** Returns the value if it is one of the choices; the error lists them. */
export function readChoice<Choice extends string>(
  argument: string,
  value: unknown,
  choices: readonly Choice[],
): Choice {
  if ((choices as readonly unknown[]).includes(value)) return value as Choice
  const list = choices.map((choice) => `'${choice}'`).join(', ')
  throw new InvalidArgumentError(argument, describe(value), `one of ${list}`)
}

/** @throws InvalidArgumentError for an unknown option, which would otherwise be ignored silently */
export function assertKnownKeys(argument: string, options: object, names: readonly string[]): void {
  const unknown = Object.keys(options).find((key) => !names.includes(key))
  if (unknown === undefined) return
  throw new InvalidArgumentError(argument, `'${unknown}'`, `only ${names.join(', ')}`)
}

/** Returns the value if it is an integer ≥ 1. */
export function readPositiveInteger(argument: string, value: unknown): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1) return value
  throw new InvalidArgumentError(argument, describe(value), 'an integer of 1 or more')
}

/** Returns the value if it is a finite number ≥ 0. */
export function readNonNegativeNumber(argument: string, value: unknown): number {
  if (typeof value === 'number' && Number.isFinite(value) && value >= 0) return value
  throw new InvalidArgumentError(argument, describe(value), 'a finite number of 0 or more')
}

/** Describes a value for an error message: short, and never all of the user's data. */
export function describe(value: unknown): string {
  if (typeof value === 'string') return `'${value.length > 60 ? `${value.slice(0, 60)}…` : value}'`
  if (typeof value === 'function') return 'a function'
  if (typeof value === 'bigint') return `${String(value)}n`
  if (Array.isArray(value)) return `an array of length ${value.length}`
  if (typeof value !== 'object' || value === null) return String(value)
  if ('shape' in value && Array.isArray(value.shape)) return `shape [${value.shape.join(', ')}]`
  // An object without a prototype has no constructor.
  const constructor: unknown = (value as { constructor?: unknown }).constructor
  const kind = typeof constructor === 'function' ? constructor.name : 'Object'
  if (ArrayBuffer.isView(value) && 'length' in value) {
    const article = /^[AEIOU]/.test(kind) && !kind.startsWith('Ui') ? 'an' : 'a'
    return `${article} ${kind} of length ${String(value.length)}`
  }
  return `an object (${kind})`
}
