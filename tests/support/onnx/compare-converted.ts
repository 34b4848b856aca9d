import * as tf from '@tensorflow/tfjs'
import * as ort from 'onnxruntime-node'
import { seededRandom, uniform } from '../random.js'
import { convertBytes } from './converted-model.js'
import type { RandomOnnxModel } from './random/random-model.js'

/** Outputs smaller than this are sums of larger numbers that cancel, whose rounding errors don't. */
const smallestScale = 0.2

/**
 * Returns the largest difference of a converted model's outputs from ONNX Runtime's, relative to the largest output, for
 * one, two and five examples.
 */
export async function compareWithRuntime(model: RandomOnnxModel, seed: number): Promise<number> {
  const { bytes, shape } = model
  const { description, weights } = convertBytes(bytes, { shapes: [shape] })
  const artifacts = { ...description, weightData: weights.buffer } as unknown
  const converted = await tf.loadGraphModel({
    load: () => Promise.resolve(artifacts as tf.io.ModelArtifacts),
  })
  const session = await ort.InferenceSession.create(bytes)
  const random = seededRandom(seed)
  let largest = 0
  try {
    for (const exampleCount of [1, 2, 5]) {
      const full = [exampleCount, ...shape]
      const x = Float32Array.from(
        uniform(
          random,
          full.reduce((a, b) => a * b, 1),
          [-1, 1],
        ),
      )
      const { y } = await session.run({ x: new ort.Tensor('float32', x, full) })
      const [found, foundShape] = tf.tidy(() => {
        const output = converted.predict(tf.tensor(x, full)) as tf.Tensor
        return [output.dataSync(), output.shape] as const
      })
      if (foundShape.join() !== y!.dims.join()) return Infinity
      const expected = Array.from(y!.data as Float32Array)
      const scale = Math.max(smallestScale, ...expected.map(Math.abs))
      const errors = expected.map((value, k) => Math.abs(value - found[k]!) / scale)
      largest = Math.max(largest, errors.some(Number.isNaN) ? Infinity : Math.max(...errors))
    }
    return largest
  } finally {
    converted.dispose()
    await session.release()
  }
}
