import * as tf from '@tensorflow/tfjs'
import { GradientSimilarity, type LabelWeights, type LossName, type NamedLoss } from 'gradlens'
import { tfjsPredictor } from 'gradlens/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import { type LossSettings, readLoss } from '../../../src/losses/loss.js'
import { devices, type TestDevice, useDevice } from '../../support/devices/devices.js'
import { type Activation, positionLoss } from '../../support/references/loss-definitions.js'
import { disposedAfterTest, setWeights } from '../../support/models/models.js'
import { seededRandom } from '../../support/random.js'

/** Float32 sums against float64, relative to the largest score. */
const tolerance = 2e-5

const exampleCount = 12
const fullCount = 8
const positions = 4
const inputSize = 2
const classCount = 3
const padding = -1

const kernel = [
  [0.7, -0.4, 0.2],
  [0.1, 0.5, -0.9],
]
const bias = [0.3, -0.2, 0.1]

const kinds: readonly { readonly name: LossName; readonly activation: Activation }[] = [
  { name: 'sparseCategoricalCrossentropy', activation: 'softmax' },
  { name: 'sparseCategoricalCrossentropyFromLogits', activation: 'linear' },
  { name: 'sparseCategoricalFocalCrossentropy', activation: 'softmax' },
  { name: 'categoricalCrossentropy', activation: 'softmax' },
  { name: 'categoricalHinge', activation: 'linear' },
  { name: 'binaryCrossentropy', activation: 'sigmoid' },
  { name: 'binaryFocalCrossentropyFromLogits', activation: 'linear' },
  { name: 'kullbackLeiblerDivergenceFromLogits', activation: 'linear' },
  { name: 'squaredHinge', activation: 'linear' },
  { name: 'meanSquaredError', activation: 'linear' },
  { name: 'huber', activation: 'sigmoid' },
]

type Label = number | readonly number[]

/** Sequences with labels, and what of them counts. */
interface Case {
  readonly title: string
  readonly activation: Activation
  readonly loss: NamedLoss
  readonly x: readonly (readonly (readonly number[])[])[]
  readonly y: readonly (readonly Label[])[]
  readonly weights: LabelWeights
  /** Σ over positions of factor · ℓ is the loss of an example. */
  readonly factors: readonly (readonly number[])[]
}

/** One case per seed: some loss with some options, the examples sorted by length or shuffled. */
function randomCase(seed: number): Case {
  const random = seededRandom(seed)
  const pick = <One>(from: readonly One[]): One => from[Math.floor(random() * from.length)]!
  const { name, activation } = pick(kinds)
  const isSparse = name.startsWith('sparse')
  const hasClasses = isSparse || name.startsWith('categorical')
  const reduction = pick([undefined, 'mean', 'weightedMean', 'sum'] as const)
  const classWeight = hasClasses && random() < 0.5 ? [1, 5, 0.2] : undefined
  const hiding = pick(isSparse ? ['ignoreLabel', 'mask'] : ['mask', 'mask', 'none'])
  const weighting = pick(['none', 'per example', 'per position'])
  const isSorted = random() < 0.5
  const order = Array.from({ length: exampleCount }, (_, i) =>
    isSorted ? i : (i * 5) % exampleCount,
  )
  const counts = order.map((i) =>
    Array.from({ length: positions }, (_, t) => i < fullCount || t < 1 + (i % 3)),
  )
  const classes = order.map((i) =>
    Array.from({ length: positions }, (_, t) => (i < fullCount ? 0 : (i + t) % classCount)),
  )
  const label = (k: number, isCounted: boolean): Label => {
    if (isSparse) return isCounted ? k : padding
    const oneHot = bias.map((_, c) => (c === k ? 1 : 0))
    if (name.includes('inge') && !name.startsWith('cat')) return oneHot.map((bit) => 2 * bit - 1)
    return name === 'meanSquaredError' || name === 'huber' ? oneHot.map((bit) => 3 * bit) : oneHot
  }
  const y = classes.map((own, i) =>
    own.map((k, t) => label(k, hiding === 'none' || counts[i]![t]!)),
  )
  const perExample = order.map(() => 0.5 + random())
  const perPosition = order.map(() => classes[0]!.map(() => 0.5 + random()))
  const factors = classes.map((own, i) => {
    const weights = own.map((k, t) => {
      if (hiding !== 'none' && !counts[i]![t]!) return 0
      const sample = { none: 1, 'per example': perExample[i]!, 'per position': perPosition[i]![t]! }
      return (classWeight?.[k] ?? 1) * sample[weighting as keyof typeof sample]
    })
    const total = weights.reduce((sum, weight) => sum + weight, 0)
    const counted = weights.filter((weight) => weight > 0).length
    const divisor = { sum: 1, mean: counted, weightedMean: total }[reduction ?? 'mean']
    return weights.map((weight) => weight / divisor)
  })
  const loss: NamedLoss = {
    name,
    classWeight,
    reduction,
    ignoreLabel: hiding === 'ignoreLabel' ? padding : undefined,
  }
  const weights: LabelWeights = {
    mask: hiding === 'mask' ? counts : undefined,
    sampleWeight: { none: undefined, 'per example': perExample, 'per position': perPosition }[
      weighting
    ],
  }
  const options = JSON.stringify(loss)
  return {
    title: `${options} ${hiding}, weights ${weighting}, ${isSorted ? 'sorted' : 'shuffled'}, seed ${seed}`,
    ...{ activation, loss, y, weights, factors },
    x: order.map(() =>
      classes[0]!.map(() => Array.from({ length: inputSize }, () => random() * 2 - 1)),
    ),
  }
}

/** The gradient of the dense layer's weights of one example, by central differences of ℓ in float64. */
function expectedGradient({ loss, activation, x, y, factors }: Case, i: number): number[] {
  const settings = readLoss(loss) as LossSettings
  const gradient = new Float64Array((inputSize + 1) * classCount)
  for (const [t, input] of x[i]!.entries()) {
    const factor = factors[i]![t]!
    if (factor === 0) continue
    const z = bias.map((b, c) => input.reduce((sum, value, d) => sum + value * kernel[d]![c]!, b))
    const step = 1e-5
    for (const c of bias.keys()) {
      const at = (by: number): number =>
        positionLoss(
          settings,
          activation,
          z.map((value, k) => (k === c ? value + by : value)),
          y[i]![t]!,
        )
      const delta = (factor * (at(step) - at(-step))) / (2 * step)
      for (const [d, value] of [...input, 1].entries())
        gradient[d * classCount + c]! += value * delta
    }
  }
  return [...gradient]
}

function sequenceNet(activation: Activation): tf.LayersModel {
  const layer = tf.layers.dense({
    units: classCount,
    activation,
    inputShape: [positions, inputSize],
  })
  const model = disposedAfterTest(tf.sequential({ layers: [layer] }))
  setWeights(model, [kernel, bias])
  return model
}

/** How many cases run, and with which batch sizes. */
const extent: Readonly<Record<TestDevice, { count: number; batchSizes: readonly number[] }>> = {
  cpu: { count: 40, batchSizes: [1, 5, exampleCount] },
  wasm: { count: 16, batchSizes: [5, exampleCount] },
  webgpu: { count: 12, batchSizes: [5] },
}

describe.each(devices)('weighted losses on %s', (device) => {
  beforeAll(() => useDevice('cpu'))
  const { count, batchSizes } = extent[device]
  const cases = Array.from({ length: count }, (_, seed) => randomCase(seed))

  it.each(cases)('score as the loop over single examples: $title', async (given) => {
    const { x, y, weights, loss, activation } = given
    const gradients = x.map((_, i) => expectedGradient(given, i))
    const expected = gradients.map((one) =>
      gradients.map((other) => one.reduce((sum, value, k) => sum + value * other[k]!, 0)),
    )
    const scale = Math.max(...expected.flat().map(Math.abs))
    expect(scale).toBeGreaterThan(0)
    const model = sequenceNet(activation)
    for (const batchSize of batchSizes) {
      using explainer = new GradientSimilarity(tfjsPredictor(model), loss, { device, batchSize })
      await explainer.fit(x, { labels: y, ...weights })
      const { scores, orderedIndices } = await explainer.explain(x, { labels: y, ...weights })
      for (const [at, j] of orderedIndices.data.entries()) {
        const i = Math.floor(at / exampleCount)
        const distance = Math.abs(scores.data[at]! - expected[i]![j]!)
        expect(distance, `example ${i} with ${j}`).toBeLessThanOrEqual(tolerance * scale)
      }
    }
  })
})
