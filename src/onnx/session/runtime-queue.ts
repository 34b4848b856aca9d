import type { OnnxRuntime } from '../runtime.js'

const last = new WeakMap<object, Promise<unknown>>()

/**
 * Runs one task of an ONNX Runtime after the other. All sessions of onnxruntime-web share one WebAssembly instance,
 * which refuses a second call while one is running.
 */
export function enqueue<Result>(
  ort: OnnxRuntime,
  task: () => Promise<Result>,
): Promise<Result> {
  const before = last.get(ort.InferenceSession) ?? Promise.resolve()
  const result = before.then(task)
  last.set(
    ort.InferenceSession,
    result.catch(() => undefined),
  )
  return result
}
