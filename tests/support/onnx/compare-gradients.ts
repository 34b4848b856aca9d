import * as ort from 'onnxruntime-node'
import { onnxPredictor } from 'gradlens/onnx'
import { tfjsPredictor } from 'gradlens/tfjs'
import { isGradlensError } from '../../../src/errors.js'
import { seededRandom, uniform } from '../random.js'
import { gradientsOf } from './compare-torch.js'
import { convertBytes, loadConverted } from './converted-model.js'
import type { RandomOnnxModel } from './random/random-model.js'

const exampleCount = 3
const loss = 'meanSquaredError'

/** Gradients smaller than this share of the largest are zeros, with rounding errors. */
const smallestShare = 1e-6

/**
 * Returns the largest difference of a converted model's per-example gradients from those of `onnxPredictor`; undefined if
 * the output depends on no parameter. It compares the inner products of the examples' gradients, per parameter and
 * relative to its largest: the two have the numbers of a filter in other orders.
 */
export async function compareGradients(
  { bytes, shape }: RandomOnnxModel,
  seed: number,
): Promise<number | undefined> {
  const converted = tfjsPredictor(await loadConverted(convertBytes(bytes, { shapes: [shape] })))
  const predictor = await onnxPredictor(ort, bytes)
  using session = await predictor.open('native', { allowSoftware: true })
  using convertedSession = await converted.open('cpu', { allowSoftware: true })
  const full = [exampleCount, ...shape]
  const size = full.reduce((a, b) => a * b, 1)
  const x = { data: Float32Array.from(uniform(seededRandom(seed), size, [-1, 1])), shape: full }
  const outputs = await session.predict([x], {})
  const labels = { data: new Float32Array(outputs.data.length), shape: outputs.shape }
  let expected: Map<string, Float64Array>
  try {
    expected = await gradientsOf(session, x, labels, loss)
  } catch (error) {
    if (isGradlensError(error, 'UnsupportedError')) return undefined
    throw error
  }
  const found = await gradientsOf(convertedSession, x, labels, loss)
  if ([...expected.keys()].sort().join() !== [...found.keys()].sort().join()) return Infinity
  const products = [...expected].map(([name, rows]) => [multiply(rows), multiply(found.get(name)!)])
  const largest = Math.max(...products.flatMap(([own]) => own!))
  const errors = products.map(([own, other]) => {
    // All gradients of a constant are zeros.
    const scale = Math.max(...own!.map(Math.abs), smallestShare * largest) || 1
    return Math.max(...own!.map((value, k) => Math.abs(value - other![k]!))) / scale
  })
  return Math.max(...errors)
}

/** The inner products of all pairs of examples. */
function multiply(rows: Float64Array): number[] {
  const size = rows.length / exampleCount
  return Array.from({ length: exampleCount ** 2 }, (_, pair) => {
    const [i, j] = [Math.floor(pair / exampleCount), pair % exampleCount]
    let sum = 0
    for (let k = 0; k < size; k++) sum += rows[i * size + k]! * rows[j * size + k]!
    return sum
  })
}
