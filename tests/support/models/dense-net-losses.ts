import { InvalidArgumentError, type LossFunction, type NdArray, type PositionLoss } from 'gradlens'
import type { DenseActivation } from './dense-net.js'
import { positionLoss } from '../references/loss-definitions.js'

/** One example: its label and what the net says. */
interface Example {
  readonly label: readonly number[]
  readonly labelShape: readonly number[]
  readonly output: readonly number[]
  readonly outputShape: readonly number[]
  /** Per position, how much its loss counts; undefined for the mean over positions. */
  readonly factors?: readonly number[] | undefined
}

/** Where a backward pass starts: at the net's outputs, or at the pre-activations of its last layer. */
export interface Start {
  readonly at: 'output' | 'logits'
  readonly gradient: readonly number[]
}

/** ∂L/∂output of one example; cross-entropies behind their own activation start at its logits, with p − y. */
export function outputGradient(
  loss: PositionLoss | LossFunction<NdArray>,
  example: Example,
  lastActivation: DenseActivation,
): Start {
  if (typeof loss === 'function') return { at: 'output', gradient: lossDifferences(loss, example) }
  const start = meanGradient(loss, example, lastActivation)
  const { factors } = example
  if (factors === undefined) return start
  const size = start.gradient.length / factors.length
  const gradient = start.gradient.map(
    (value, k) => value * factors.length * factors[Math.floor(k / size)]!,
  )
  return { ...start, gradient }
}

/** Of the mean over an example's positions. */
function meanGradient(
  loss: PositionLoss,
  example: Example,
  lastActivation: DenseActivation,
): Start {
  const { name } = loss
  const { label, output } = example
  const count = output.length
  const classCount = example.outputShape.at(-1) ?? 1
  const positionCount = count / classCount
  const y = name.startsWith('sparse') ? oneHot(label, classCount) : label
  const at = (k: number): number => y[k] ?? NaN
  switch (name) {
    case 'categoricalCrossentropy':
    case 'sparseCategoricalCrossentropy':
      return lastActivation === 'softmax'
        ? { at: 'logits', gradient: output.map((p, k) => p * sum(y) - at(k)) }
        : { at: 'output', gradient: shareGradient(y, output) }
    case 'categoricalCrossentropyFromLogits':
    case 'sparseCategoricalCrossentropyFromLogits': {
      const gradient = Array.from({ length: positionCount }, (_, t) =>
        softmax(output.slice(t * classCount, (t + 1) * classCount)),
      )
      return { at: 'output', gradient: gradient.flat().map((p, k) => (p - at(k)) / positionCount) }
    }
    case 'binaryCrossentropy':
      return lastActivation === 'sigmoid'
        ? { at: 'logits', gradient: output.map((p, k) => (p - at(k)) / count) }
        : { at: 'output', gradient: output.map((p, k) => (p - at(k)) / (p * (1 - p)) / count) }
    case 'binaryCrossentropyFromLogits':
      return {
        at: 'output',
        gradient: output.map((z, k) => (1 / (1 + Math.exp(-z)) - at(k)) / count),
      }
    case 'meanSquaredError':
      return { at: 'output', gradient: output.map((p, k) => (2 * (p - at(k))) / count) }
    case 'meanAbsoluteError':
      return { at: 'output', gradient: output.map((p, k) => Math.sign(p - at(k)) / count) }
    default: {
      const meanLoss = (values: readonly number[]): number =>
        sum(
          Array.from({ length: positionCount }, (_, t) => {
            const part = (all: readonly number[]): readonly number[] =>
              all.slice(t * classCount, (t + 1) * classCount)
            return positionLoss(loss, 'linear', part(values), part(y)) / positionCount
          }),
        )
      return { at: 'output', gradient: differences(meanLoss, output) }
    }
  }
}

export function softmax(z: readonly number[]): number[] {
  const highest = Math.max(...z)
  const powers = z.map((value) => Math.exp(value - highest))
  const sum = powers.reduce((total, power) => total + power, 0)
  return powers.map((power) => power / sum)
}

const sum = (values: readonly number[]): number => values.reduce((total, v) => total + v, 0)

function oneHot(classes: readonly number[], classCount: number): number[] {
  return classes.flatMap((label) =>
    Array.from({ length: classCount }, (_, k) => (k === label ? 1 : 0)),
  )
}

/** Of −Σ y log(p / Σp). */
function shareGradient(y: readonly number[], p: readonly number[]): number[] {
  return p.map((value, k) => sum(y) / sum(p) - (y[k] ?? 0) / value)
}

/** A loss function of NdArrays has no gradient of its own. */
function lossDifferences(
  lossFn: (yTrue: NdArray, yPred: NdArray) => NdArray,
  { label, labelShape, output, outputShape }: Example,
): number[] {
  return differences((values) => {
    const { data } = lossFn(
      { data: Float64Array.from(label), shape: labelShape },
      { data: Float64Array.from(values), shape: outputShape },
    )
    if (data.length !== 1) {
      throw new InvalidArgumentError('lossFn', `${data.length} values`, 'one per example')
    }
    return data[0] ?? NaN
  }, output)
}

/** The gradient of a function near the output, in float64. */
function differences(
  lossAt: (values: readonly number[]) => number,
  output: readonly number[],
): number[] {
  // Four-point differences: h⁴ and 1e-16 / h are both about 1e-12.
  const h = 1e-3
  const moved = (k: number, by: number): number =>
    lossAt(output.map((value, at) => (at === k ? value + by : value)))
  return output.map((_, k) => {
    const near = (moved(k, h) - moved(k, -h)) / (2 * h)
    const far = (moved(k, 2 * h) - moved(k, -2 * h)) / (4 * h)
    return (4 * near - far) / 3
  })
}
