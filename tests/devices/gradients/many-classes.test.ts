import * as tf from '@tensorflow/tfjs'
import type { LossName } from 'gradlens'
import { tfjsPredictor } from 'gradlens/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import { devices, useDevice } from '../../support/devices/devices.js'
import { hostGradients } from '../../support/gradients/host-block.js'
import { seededRandom, uniform } from '../../support/random.js'
import { materializedGradients } from '../../support/references/materialized-gradients.js'

const classCount = 1000

/** Float32, relative to the largest entry: softmax itself sums a thousand numbers one after another. */
const tolerance = 5e-6

/** The probability of the first class, which is the likeliest in all but the first case. */
const likeliest = [0.0011, 0.01, 0.3, 0.5, 0.9, 0.95, 0.99, 0.9999, 1 - 1e-6]

const losses: readonly LossName[] = [
  'sparseCategoricalCrossentropy',
  'sparseCategoricalCrossentropyFromLogits',
]

/** Logits of which the first has a probability, and the others differ by up to 0.2. */
function logitsOf(probability: number): Float64Array {
  const others = uniform(seededRandom(3), classCount - 1, [-0.1, 0.1])
  const sum = others.reduce((total, z) => total + Math.exp(z), 0)
  return Float64Array.of(Math.log((probability / (1 - probability)) * sum), ...others)
}

/** p − y at the logits as float32 holds them, in float64; 1 − p is the sum of the others. */
function expectedGradient(logits: Float32Array, label: number): Float64Array {
  const shares = Float64Array.from(logits, (z) => Math.exp(z - logits[0]!))
  const sum = shares.reduce((total, share) => total + share, 0)
  const rest = shares.subarray(1).reduce((total, share) => total + share, 0)
  return shares.map((share, k) =>
    k === label ? (k === 0 ? -rest / sum : share / sum - 1) : share / sum,
  )
}

describe.each(devices)('cross-entropies of a thousand classes on %s', (device) => {
  beforeAll(() => useDevice('cpu'))

  it.each(losses)('have the gradient p − y for any confidence of the model: %s', async (loss) => {
    const bias = tf.tidy(() => tf.variable(tf.zeros([classCount]), true, 'bias'))
    const call = (x: tf.Tensor): tf.Tensor =>
      loss.endsWith('FromLogits') ? tf.add(x, bias) : tf.softmax(tf.add(x, bias))
    const inputs = [{ shape: [classCount] }]
    try {
      using session = await tfjsPredictor({ call, variables: [bias], inputs }).open(device, {
        allowSoftware: true,
      })
      const rows = likeliest.map((probability) => Float32Array.from(logitsOf(probability)))
      const x = {
        data: Float32Array.from(rows.flatMap((row) => [...row])),
        shape: [rows.length, classCount],
      }
      for (const label of [0, 1, classCount - 1]) {
        const y = { data: new Int32Array(rows.length).fill(label), shape: [rows.length] }
        const block = await hostGradients(session, [x], y, loss)
        for (const [row, logits] of rows.entries()) {
          const expected = expectedGradient(logits, label)
          const largest = Math.max(...expected.map(Math.abs))
          const gradient = materializedGradients(block, row).get('bias')!
          const error = Math.max(...expected.map((value, k) => Math.abs(gradient[k]! - value)))
          expect(error / largest, `p = ${likeliest[row]}, label ${label}`).toBeLessThan(tolerance)
        }
      }
    } finally {
      bias.dispose()
    }
  })
})
