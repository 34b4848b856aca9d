import { DeviceError, isGradlensError, MemoryError } from '../../errors.js'

const outOfMemory =
  /bad_alloc|out of memory|failed to allocate|memory access out of bounds|Array buffer allocation failed|grow memory|ERROR_CODE: 6/i

/** Where in ONNX Runtime's own sources an error occurred: a path, a line and a function. */
const sourcePlace = /\S*\/onnxruntime\/\S+:\d+ \S+\([^)]*\)\s*(?:const\s*)?/g

/** Returns an error of ONNX Runtime as one of this library. */
export function toGradlensError(device: string, error: unknown): unknown {
  if (isGradlensError(error)) return error
  const message = (error instanceof Error ? error.message : String(error)).replaceAll(
    sourcePlace,
    '',
  )
  // The wasm build throws the address of a C++ exception where it has no room for its message.
  if (outOfMemory.test(message) || typeof error === 'number') {
    return new MemoryError(
      device,
      `${device}: ONNX Runtime is out of memory (${message.slice(0, 200)}). Use a smaller batchSize.`,
      { cause: error },
    )
  }
  return new DeviceError(device, `${device}: ONNX Runtime failed: ${message.slice(0, 500)}`, {
    cause: error,
  })
}
