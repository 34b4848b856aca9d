import * as tf from '@tensorflow/tfjs'
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm'

/**
 * A new float32 tensor of zeros, and its values to write to. On wasm they lie on tfjs's own heap:
 * allocate first and read after, since what allocates may move the heap.
 */
export function allocate(shape: number[]): { tensor: tf.Tensor; values: Float32Array } {
  const backend = wasmBackend()
  if (backend === undefined) {
    const values = new Float32Array(tf.util.sizeFromShape(shape))
    return { tensor: tf.tensor(values, shape), values }
  }
  const tensor = tf.engine().makeTensorFromTensorInfo(backend.makeOutput(shape, 'float32'))
  const values = backend.typedArrayFromHeap(tensor) as Float32Array
  return { tensor, values: values.fill(0) }
}

/**
 * A float32 tensor's values, not copied: on wasm and cpu a view, to be read before anything else is
 * computed.
 */
export function readInPlace(x: tf.Tensor): Float32Array {
  return (wasmBackend()?.typedArrayFromHeap(x) ?? x.dataSync()) as Float32Array
}

function wasmBackend(): BackendWasm | undefined {
  return tf.getBackend() === 'wasm' ? (tf.backend() as BackendWasm) : undefined
}
