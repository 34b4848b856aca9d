import * as tf from '@tensorflow/tfjs'
import type { LossName, NamedLoss } from 'gradlens'
import { tfjsPredictor } from 'gradlens/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import { type LossSettings, readLoss } from '../../../src/losses/loss.js'
import { devices, useDevice } from '../../support/devices/devices.js'
import { materializedGradients } from '../../support/references/materialized-gradients.js'
import { type Activation, positionLoss } from '../../support/references/loss-definitions.js'
import { disposedAfterTest } from '../../support/models/models.js'
import { hostGradients } from '../../support/gradients/host-block.js'

/** Float32 against float64, relative to the largest entry of a gradient. */
const tolerance = 1e-5

/** For an entry much smaller than the others, where p − y would cancel. */
const smallEntryTolerance = 1e-4

interface LossCase {
  readonly lossFn: LossName | NamedLoss
  readonly activation: Activation
  /** What goes into the activation, per position. */
  readonly logits: readonly (readonly number[])[]
  /** Class indices or rows, per position. */
  readonly y: readonly (number | readonly number[])[]
}

const classes = { logits: [[0.3, -1.2, 0.7]], y: [2] }
const rows = { logits: [[0.3, -1.2, 0.7]], y: [[0.2, 0.5, 0.3]] }
const shares = { logits: [[0.3, 1.2, 0.7]], y: [[0, 0.6, 0.4]] }
const bits = { logits: [[0.3, -1.2, 2.5]], y: [[1, 0, 1]] }
const signs = { logits: [[0.3, -1.2, 2.5]], y: [[1, -1, 1]] }
const oneHot = { logits: [[0.3, -1.2, 0.7]], y: [[1, 0, 0]] }
const fractions = { logits: [[0.3, 0.9, 0.5]], y: [[1, 0, 0.25]] }

const cases: readonly LossCase[] = [
  { lossFn: 'categoricalCrossentropy', activation: 'softmax', ...rows },
  { lossFn: 'categoricalCrossentropy', activation: 'linear', ...shares },
  { lossFn: 'categoricalCrossentropyFromLogits', activation: 'linear', ...rows },
  { lossFn: 'sparseCategoricalCrossentropy', activation: 'softmax', ...classes },
  { lossFn: 'sparseCategoricalCrossentropy', activation: 'linear', ...shares, y: [1] },
  { lossFn: 'sparseCategoricalCrossentropyFromLogits', activation: 'linear', ...classes },
  { lossFn: 'binaryCrossentropy', activation: 'sigmoid', ...bits },
  { lossFn: 'binaryCrossentropy', activation: 'linear', ...fractions },
  { lossFn: 'binaryCrossentropyFromLogits', activation: 'linear', ...bits },
  { lossFn: 'meanSquaredError', activation: 'linear', ...rows },
  { lossFn: 'meanSquaredError', activation: 'sigmoid', ...rows },
  { lossFn: 'meanAbsoluteError', activation: 'linear', ...rows },
  { lossFn: 'categoricalFocalCrossentropy', activation: 'softmax', ...rows },
  { lossFn: 'categoricalFocalCrossentropy', activation: 'linear', ...shares },
  {
    lossFn: { name: 'categoricalFocalCrossentropyFromLogits', gamma: 0.7, alpha: 2 },
    activation: 'linear',
    ...rows,
  },
  { lossFn: 'sparseCategoricalFocalCrossentropy', activation: 'softmax', ...classes },
  {
    lossFn: { name: 'sparseCategoricalFocalCrossentropyFromLogits', gamma: 3 },
    activation: 'linear',
    ...classes,
  },
  { lossFn: 'binaryFocalCrossentropy', activation: 'sigmoid', ...bits },
  {
    lossFn: { name: 'binaryFocalCrossentropy', alpha: 0.3 },
    activation: 'linear',
    ...fractions,
  },
  {
    lossFn: { name: 'binaryFocalCrossentropyFromLogits', gamma: 0.5, alpha: 0.75 },
    activation: 'linear',
    ...bits,
  },
  { lossFn: 'kullbackLeiblerDivergence', activation: 'softmax', ...rows },
  { lossFn: 'kullbackLeiblerDivergence', activation: 'linear', ...shares },
  { lossFn: 'kullbackLeiblerDivergenceFromLogits', activation: 'linear', ...rows },
  { lossFn: 'hinge', activation: 'linear', ...signs },
  { lossFn: 'squaredHinge', activation: 'linear', ...signs },
  { lossFn: 'categoricalHinge', activation: 'linear', ...oneHot },
  { lossFn: 'categoricalHinge', activation: 'softmax', ...oneHot },
  { lossFn: 'huber', activation: 'linear', ...rows },
  { lossFn: { name: 'huber', delta: 0.4 }, activation: 'linear', ...rows },
]

const confident: readonly (LossCase & { readonly title: string })[] = [
  {
    title: 'a label whose probability underflows',
    lossFn: 'sparseCategoricalCrossentropy',
    activation: 'softmax',
    logits: [[200, -3, 1]],
    y: [1],
  },
  {
    title: 'a label that is nearly certain',
    lossFn: 'sparseCategoricalCrossentropy',
    activation: 'softmax',
    logits: [[14, -1, 1]],
    y: [0],
  },
  {
    title: 'a certain and wrong sigmoid',
    lossFn: 'binaryCrossentropy',
    activation: 'sigmoid',
    logits: [[40]],
    y: [[0]],
  },
  {
    title: 'a certain and right sigmoid',
    lossFn: 'binaryCrossentropy',
    activation: 'sigmoid',
    logits: [[15]],
    y: [[1]],
  },
  {
    title: 'a focal loss whose probability underflows',
    lossFn: 'sparseCategoricalFocalCrossentropy',
    activation: 'softmax',
    logits: [[200, -3, 1]],
    y: [1],
  },
  {
    title: 'a focal loss that is nearly zero',
    lossFn: 'sparseCategoricalFocalCrossentropy',
    activation: 'softmax',
    logits: [[7, -1, 1]],
    y: [0],
  },
  {
    title: 'a binary focal loss that is certain and wrong',
    lossFn: 'binaryFocalCrossentropy',
    activation: 'sigmoid',
    logits: [[40]],
    y: [[0]],
  },
  {
    title: 'a binary focal loss that is nearly zero',
    lossFn: 'binaryFocalCrossentropy',
    activation: 'sigmoid',
    logits: [[7]],
    y: [[1]],
  },
]
/** The model is a layer with the identity for kernel: the gradient of its bias is that of the logits. */
async function expectGradient(
  lossCase: LossCase,
  device: 'cpu' | 'wasm' | 'webgpu',
  allowed: number,
): Promise<Float64Array> {
  const { lossFn, activation, logits, y } = lossCase
  const size = logits[0]?.length ?? 1
  const shape = logits.length === 1 ? [size] : [logits.length, size]
  const model = disposedAfterTest(
    tf.sequential({ layers: [tf.layers.dense({ units: size, activation, inputShape: shape })] }),
  )
  tf.tidy(() => {
    model.setWeights([tf.eye(size), tf.zeros([size])])
  })
  const labels = logits.length === 1 ? y.flat() : y.flat()
  const isIndex = typeof y[0] === 'number'
  const labelShape = isIndex ? shape.slice(0, -1) : shape
  using session = await tfjsPredictor(model).open(device, { allowSoftware: true })
  const block = await hostGradients(
    session,
    [{ data: Float32Array.from(logits.flat()), shape: [1, ...shape] }],
    { data: Float32Array.from(labels), shape: [1, ...labelShape] },
    lossFn,
  )
  const name = model.weights.find((weight) => weight.name.endsWith('bias'))?.name ?? ''
  const gradient = materializedGradients(block, 0).get(name) ?? new Float64Array()
  const perPosition = expectedGradient(lossCase)
  const expected = Array.from({ length: size }, (_, k) =>
    perPosition.reduce((sum, row) => sum + (row[k] ?? NaN), 0),
  )
  const scale = Math.max(...expected.map(Math.abs))
  expect(scale).toBeGreaterThan(0)
  for (const [k, value] of expected.entries()) {
    expect(Math.abs((gradient[k] ?? NaN) - value), `entry ${k}`).toBeLessThanOrEqual(
      allowed * scale,
    )
  }
  return gradient
}

/** ∂L/∂logits per position, by central differences in float64; the loss is smooth at the points taken. */
function expectedGradient({ lossFn, activation, logits, y }: LossCase): number[][] {
  const loss = readLoss(lossFn) as LossSettings
  const step = 1e-5
  return logits.map((z, t) =>
    z.map((_, k) => {
      const lossAt = (shift: number): number => {
        const moved = z.map((value, j) => (j === k ? value + shift : value))
        return positionLoss(loss, activation, moved, y[t]!) / logits.length
      }
      return (lossAt(step) - lossAt(-step)) / (2 * step)
    }),
  )
}

/** Named losses against central differences of their definition in float64. */

describe.each(devices)('named losses on %s', (device) => {
  beforeAll(() => useDevice('cpu'))

  it.each(cases)(
    'have the gradient of their definition: $lossFn after $activation',
    async (lossCase) => {
      await expectGradient(lossCase, device, tolerance)
    },
  )

  it.each(cases)('take the mean over positions: $lossFn after $activation', async (lossCase) => {
    const [z = []] = lossCase.logits
    const logits = [z, z.map((value) => 0.9 * value + 0.05)]
    await expectGradient(
      { ...lossCase, logits, y: [...lossCase.y, ...lossCase.y] },
      device,
      tolerance,
    )
  })

  it.each(confident)('have the gradient of the logits form for $title', async (lossCase) => {
    const gradient = await expectGradient(lossCase, device, tolerance)
    const expected = expectedGradient(lossCase)[0] ?? []
    for (const [k, value] of expected.entries()) {
      if (Math.abs(value) < 1e-12) continue
      expect(Math.abs((gradient[k] ?? NaN) / value - 1), `entry ${k}`).toBeLessThan(
        smallEntryTolerance,
      )
    }
  })
})
