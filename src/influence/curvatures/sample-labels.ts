import { UnsupportedError } from '../../errors.js'
import type { Labels } from '../../losses/labels.js'
import type { LossSettings, ReadLoss } from '../../losses/loss.js'
import { labelForm, type LossName } from '../../losses/names.js'
import { type NdArray, sizeOf } from '../../ndarray.js'
import { seededRandom, toNormal, type Random } from '../../random.js'

/** Draws the labels of one position, `labels`, from the model's outputs there. */
type Draw = (outputs: Outputs, labels: Float64Array, random: Random) => void

type Outputs = NdArray['data']

/**
 * Draws labels of training examples from the distribution that the model predicts: of classes for cross-entropies, and a
 * normal one for the squared error. The factor of each position is such that the squared gradients of the drawn losses
 * have the Gauss–Newton matrix of the training loss as their mean: √(w k) for a position of factor w and k outputs that
 * its loss averages.
 *
 * @param predictions [n, …] at the examples
 * @param labels those of the examples, whose shape and factors they take
 * @param first the number of the first example, which selects the random numbers
 * @throws UnsupportedError for a loss without a distribution
 */
export function sampleLabels<Value>(
  loss: ReadLoss<Value>,
  predictions: NdArray,
  labels: Labels,
  first: number,
  seed: number,
): Labels {
  const { draw, isAveraged } = findDistribution(loss)
  const { name } = loss as LossSettings
  const [exampleCount = 0] = labels.shape
  const ofClass = labelForm(name) === 'class'
  const positions = ofClass || labels.shape.length === 1 ? labels.shape : labels.shape.slice(0, -1)
  const positionCount = sizeOf(positions)
  const perExample = positionCount / exampleCount
  const labelSize = labels.data.length / positionCount
  const outputSize = predictions.data.length / positionCount
  const data = new Float64Array(labels.data.length)
  const factors = new Float32Array(positionCount)
  for (let example = 0; example < exampleCount; example++) {
    const random = seededRandom(seed, first + example)
    for (let t = example * perExample; t < (example + 1) * perExample; t++) {
      const outputs = predictions.data.subarray(t * outputSize, (t + 1) * outputSize)
      const own = data.subarray(t * labelSize, (t + 1) * labelSize)
      const weight = labels.factors?.data[t] ?? 1 / perExample
      draw(outputs, own, random)
      if (weight === 0) own.fill(0)
      factors[t] = Math.sqrt(weight * (isAveraged ? labelSize : 1))
    }
  }
  return { data, shape: labels.shape, factors: { data: factors, shape: positions } }
}

interface Distribution {
  readonly draw: Draw
  /** True if the loss of a position is the mean over its outputs. */
  readonly isAveraged: boolean
}

/** @throws UnsupportedError for a loss without a distribution */
export function findDistribution<Value>(loss: ReadLoss<Value>): Distribution {
  const name = typeof loss === 'function' ? undefined : loss.name
  const found = name === undefined ? undefined : distributionOf(name)
  if (found !== undefined) return found
  throw new UnsupportedError(
    name ?? 'a loss function',
    `fisher 'true' draws labels from the distribution that the model predicts, and ` +
      (name === undefined ? 'a loss function has none' : `'${name}' has none`) +
      ". Set fisher: 'empirical', which takes the labels of the training examples; or use a cross-entropy " +
      "or 'meanSquaredError'.",
  )
}

function distributionOf(name: LossName): Distribution | undefined {
  const isLogits = name.endsWith('FromLogits')
  switch (name.replace(/FromLogits$/, '')) {
    case 'sparseCategoricalCrossentropy':
      return {
        isAveraged: false,
        draw: (outputs, labels, random) => {
          labels[0] = drawClass(isLogits ? softmax(outputs) : outputs, random)
        },
      }
    case 'categoricalCrossentropy':
    case 'kullbackLeiblerDivergence':
      return {
        isAveraged: false,
        draw: (outputs, labels, random) => {
          labels[drawClass(isLogits ? softmax(outputs) : outputs, random)] = 1
        },
      }
    case 'binaryCrossentropy':
      return {
        isAveraged: true,
        draw: (outputs, labels, random) => {
          for (const [k, output] of outputs.entries()) {
            labels[k] = random() < (isLogits ? 1 / (1 + Math.exp(-output)) : output) ? 1 : 0
          }
        },
      }
    case 'meanSquaredError':
      // (y − f)² is the negative logarithm of a normal density of variance ½.
      return {
        isAveraged: true,
        draw: (outputs, labels, random) => {
          const normal = toNormal(random)
          for (const [k, output] of outputs.entries()) labels[k] = output + Math.SQRT1_2 * normal()
        },
      }
    default:
      return undefined
  }
}

/** Draws a class from its probabilities, which need not sum to 1. */
function drawClass(probabilities: Outputs, random: Random): number {
  let total = 0
  for (const probability of probabilities) total += probability
  let left = random() * total
  for (const [k, probability] of probabilities.entries()) {
    left -= probability
    if (left < 0) return k
  }
  return probabilities.length - 1
}

function softmax(logits: Outputs): Float64Array {
  const largest = Math.max(...logits)
  return Float64Array.from(logits, (logit) => Math.exp(logit - largest))
}
