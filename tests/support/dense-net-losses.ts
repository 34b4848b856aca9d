import { InvalidArgumentError, type Loss, type NdArray } from 'gradlens'
import type { DenseActivation } from './dense-net.js'

/** One example: its label and what the net says. */
interface Example {
  readonly label: readonly number[]
  readonly labelShape: readonly number[]
  readonly output: readonly number[]
  readonly outputShape: readonly number[]
}

/** Where a backward pass starts: at the net's outputs, or at the pre-activations of its last layer. */
export interface Start {
  readonly at: 'output' | 'logits'
  readonly gradient: readonly number[]
}

/** ∂L/∂output of one example; cross-entropies behind their own activation start at its logits, with p − y. */
export function outputGradient(
  loss: Loss<NdArray>,
  example: Example,
  lastActivation: DenseActivation,
): Start {
  if (typeof loss === 'function') return { at: 'output', gradient: differences(loss, example) }
  const { label, output } = example
  const count = output.length
  const classCount = example.outputShape.at(-1) ?? 1
  const positionCount = count / classCount
  const y = loss.startsWith('sparse') ? oneHot(label, classCount) : label
  const at = (k: number): number => y[k] ?? NaN
  switch (loss) {
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

/** A loss function of NdArrays says nothing about its gradient: it is asked near the output, in float64. */
function differences(
  lossFn: (yTrue: NdArray, yPred: NdArray) => NdArray,
  { label, labelShape, output, outputShape }: Example,
): number[] {
  // Four-point differences: h⁴ and 1e-16 / h are both about 1e-12.
  const h = 1e-3
  const lossAt = (values: readonly number[]): number => {
    const { data } = lossFn(
      { data: Float64Array.from(label), shape: labelShape },
      { data: Float64Array.from(values), shape: outputShape },
    )
    if (data.length !== 1) {
      throw new InvalidArgumentError('lossFn', `${data.length} values`, 'one per example')
    }
    return data[0] ?? NaN
  }
  const moved = (k: number, by: number): number =>
    lossAt(output.map((value, at) => (at === k ? value + by : value)))
  return output.map((_, k) => {
    const near = (moved(k, h) - moved(k, -h)) / (2 * h)
    const far = (moved(k, 2 * h) - moved(k, -2 * h)) / (4 * h)
    return (4 * near - far) / 3
  })
}
