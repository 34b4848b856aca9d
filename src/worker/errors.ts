import * as classes from '../errors.js'

/** An error as a message carries it. */
export interface EncodedError {
  readonly name: string
  readonly message: string
  readonly stack: string | undefined
  /** The fields of the library's own errors: the argument, the device, the failure. */
  readonly fields: Readonly<Record<string, unknown>>
  readonly cause: EncodedError | undefined
}

const builtins: Readonly<Record<string, ErrorConstructor | undefined>> = {
  RangeError,
  ReferenceError,
  SyntaxError,
  TypeError,
}

export function encodeError(error: unknown): EncodedError {
  if (!(error instanceof Error)) {
    const message = describeThrown(error)
    return { name: 'Error', message, stack: undefined, fields: {}, cause: undefined }
  }
  const { name, message, stack, cause } = error
  const own = classes.isGradlensError(error) ? Object.entries(error) : []
  return {
    name,
    message,
    stack,
    fields: Object.fromEntries(own.filter(([key]) => key !== 'name' && key !== 'cause')),
    cause: cause === undefined ? undefined : encodeError(cause),
  }
}

/** Anything can be thrown: a text, or a plain object with a message. */
function describeThrown(value: unknown): string {
  if (typeof value !== 'object' || value === null || !('message' in value)) return String(value)
  return String(value.message)
}

/** Returns an error of the same class, with the same fields and the worker's stack. */
export function decodeError({ name, message, stack, fields, cause }: EncodedError): Error {
  if (name === 'AbortError') return new DOMException(message, name)
  const Builtin = builtins[name] ?? Error
  const error = new Builtin(message, cause === undefined ? {} : { cause: decodeError(cause) })
  const known: unknown = (classes as Readonly<Record<string, unknown>>)[name]
  if (typeof known === 'function') {
    Object.setPrototypeOf(error, known.prototype as object)
    // The library's errors have their name as a field.
    Object.assign(error, { name, ...fields })
  } else if (error.name !== name) {
    Object.defineProperty(error, 'name', { value: name, configurable: true })
  }
  if (stack !== undefined) Object.defineProperty(error, 'stack', { value: stack })
  return error
}
