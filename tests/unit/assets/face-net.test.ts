import { Gradient, IntegratedGradients } from 'gradlens'
import { tfjsPredictor } from 'gradlens/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import { devices, useDevice } from '../../support/devices/devices.js'
import { expectNear, rowOf } from '../../support/references/differences.js'
import { bytesOf, fixtureJson, floatsOf } from '../../support/stores/fixture-bytes.js'
import { savedGraph } from '../../support/models/saved-graph.js'

// Only in Node, because an emulated GPU takes 35 s for one gradient.

/** What TensorFlow in Python makes of a smiling face, in float64. */
interface Expected {
  readonly classes: readonly string[]
  readonly pixels: string
  readonly predictions: readonly number[]
  readonly target: number
  readonly gradient: string
  readonly integratedGradients: string
  readonly delta: number
}

const side = 64

/** Float32 against float64, of order 1. */
const predictionTolerance = 1e-5

/** Relative to the largest: p = 0.9997, and of 1 − p float32 keeps four digits. */
const gradientTolerance = 2e-3

/** Relative to the largest: of a path with the corners of relus, on whose other side rounding puts a point now and then. */
const pathTolerance = 5e-3

/** Likewise. */
const deltaTolerance = 1e-3

/** Pixels are −1 … 1. */
const black = -1

/** The photo as the net takes it, and what is expected of it. */
async function smilingFace(): Promise<{ x: number[][][][]; expected: Expected }> {
  const expected = (await fixtureJson('emotion/expected.json')) as Expected
  const pixels = bytesOf(expected.pixels)
  const row = (y: number): number[][] =>
    Array.from(pixels.subarray(y * side, (y + 1) * side), (pixel) => [(pixel / 255 - 0.5) * 2])
  return { x: [Array.from({ length: side }, (_, y) => row(y))], expected }
}

const largestOf = (numbers: Float32Array): number => Math.max(...numbers.map(Math.abs))

describe.each(devices)('a pretrained net for faces, converted to a graph, on %s', (device) => {
  beforeAll(() => useDevice('cpu'))

  it('has the outputs and gradients of TensorFlow in float64', async () => {
    const { x, expected } = await smilingFace()
    using explainer = new Gradient(tfjsPredictor(await savedGraph('emotion')), { device })
    const { target, classes } = expected
    const e = await explainer.explain(x, { target })
    expect(classes[target]).toBe('happy')
    expectNear(e.predictions.data, expected.predictions, predictionTolerance)
    const gradient = floatsOf(expected.gradient)
    expectNear(e.attributions[0]!.data, gradient, gradientTolerance * largestOf(gradient))
  })
})

it('cheeks and mouth count most for a happy face, on wasm', async () => {
  await useDevice('cpu')
  const { x, expected } = await smilingFace()
  using explainer = new IntegratedGradients(tfjsPredictor(await savedGraph('emotion')), {
    device: 'wasm',
  })
  const e = await explainer.explain(x, { target: expected.target, baselines: black })
  const integrated = floatsOf(expected.integratedGradients)
  expectNear(e.attributions[0]!.data, integrated, pathTolerance * largestOf(integrated))
  expectNear(e.deltas.data, [expected.delta], deltaTolerance)
  expect(Math.abs(expected.delta)).toBeLessThan(0.02)
  const values = rowOf(e.attributions[0]!, 0)
  const strength = (top: number, bottom: number, left: number, right: number): number => {
    let sum = 0
    for (let y = top; y < bottom; y++) {
      for (let k = y * side + left; k < y * side + right; k++) sum += Math.abs(values[k]!)
    }
    return sum / ((bottom - top) * (right - left))
  }
  // Cheeks and mouth, and the edges that show hair and background.
  const smile = strength(24, 48, 10, 50)
  expect(smile).toBeGreaterThan(4 * strength(0, side, 56, side))
  expect(smile).toBeGreaterThan(4 * strength(56, side, 0, side))
})
