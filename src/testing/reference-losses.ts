import type { LossName } from '../losses/names.js'

/** A loss of one position, from its label and the model's output. */
export interface ReferenceLoss {
  readonly name: LossName
  /** The activation of the model's output that the loss takes. */
  readonly activation: 'linear' | 'sigmoid' | 'softmax'
  readonly labels: 'class' | 'shares' | 'bits' | 'values'
  readonly evaluate: (label: readonly number[], output: readonly number[]) => number
}

const sum = (terms: readonly number[]): number => terms.reduce((total, term) => total + term, 0)
const logSumExp = (z: readonly number[]): number => Math.log(sum(z.map(Math.exp)))
const sigmoid = (z: number): number => 1 / (1 + Math.exp(-z))
const bernoulli = (y: number, p: number): number => -y * Math.log(p) - (1 - y) * Math.log(1 - p)
const meanOf = (p: readonly number[], term: (value: number, k: number) => number): number =>
  sum(p.map(term)) / p.length

export const referenceLosses: readonly ReferenceLoss[] = [
  {
    name: 'categoricalCrossentropy',
    activation: 'softmax',
    labels: 'shares',
    evaluate: (y, p) => -sum(p.map((value, k) => y[k]! * Math.log(value))),
  },
  {
    name: 'sparseCategoricalCrossentropy',
    activation: 'softmax',
    labels: 'class',
    evaluate: ([y], p) => -Math.log(p[y!]!),
  },
  {
    name: 'categoricalCrossentropyFromLogits',
    activation: 'linear',
    labels: 'shares',
    evaluate: (y, z) => logSumExp(z) * sum(y) - sum(z.map((value, k) => y[k]! * value)),
  },
  {
    name: 'sparseCategoricalCrossentropyFromLogits',
    activation: 'linear',
    labels: 'class',
    evaluate: ([y], z) => logSumExp(z) - z[y!]!,
  },
  {
    name: 'binaryCrossentropy',
    activation: 'sigmoid',
    labels: 'bits',
    evaluate: (y, p) => meanOf(p, (value, k) => bernoulli(y[k]!, value)),
  },
  {
    name: 'binaryCrossentropyFromLogits',
    activation: 'linear',
    labels: 'bits',
    evaluate: (y, z) => meanOf(z, (value, k) => bernoulli(y[k]!, sigmoid(value))),
  },
  {
    name: 'meanSquaredError',
    activation: 'linear',
    labels: 'values',
    evaluate: (y, p) => meanOf(p, (value, k) => (y[k]! - value) ** 2),
  },
  {
    name: 'meanAbsoluteError',
    activation: 'linear',
    labels: 'values',
    evaluate: (y, p) => meanOf(p, (value, k) => Math.abs(y[k]! - value)),
  },
]

/** Σ (y − p)⁴, for loss functions. */
export const fourthPowers = (y: readonly number[], p: readonly number[]): number =>
  sum(p.map((value, k) => (y[k]! - value) ** 4))
