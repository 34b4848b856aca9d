import * as tf from '@tensorflow/tfjs'
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm'

/**
 * Runs a piece of work and returns the most bytes that tensors of the wasm backend had at a time, beyond those of the
 * start. Views of one tensor count once.
 */
export async function peakWasmBytes(work: () => Promise<unknown>): Promise<number> {
  const backend = tf.engine().registry['wasm'] as BackendWasm | undefined
  if (backend === undefined) throw new Error('Open a session on wasm first.')
  const [move, disposeData] = [backend.move.bind(backend), backend.disposeData.bind(backend)]
  const sizes = new Map<object, number>()
  let [bytes, peak] = [0, 0]
  // Each tensor that is allocated on the heap goes through `move`.
  backend.move = (...values: Parameters<BackendWasm['move']>) => {
    const [dataId, , shape, dtype] = values
    if (dtype !== 'string') {
      sizes.set(dataId, tf.util.sizeFromShape(shape) * tf.util.bytesPerElement(dtype))
      bytes += sizes.get(dataId)!
      peak = Math.max(peak, bytes)
    }
    move(...values)
  }
  backend.disposeData = (dataId: object, isForced = false) => {
    const isDisposed = disposeData(dataId, isForced)
    if (isDisposed) bytes -= sizes.get(dataId) ?? 0
    return isDisposed
  }
  try {
    await work()
    return peak
  } finally {
    Reflect.deleteProperty(backend, 'move')
    Reflect.deleteProperty(backend, 'disposeData')
  }
}
