import type { PositionLoss } from 'gradlens'

export type Activation = 'softmax' | 'sigmoid' | 'linear'

/**
 * The loss of one position by its definition, in float64, from the logits z if there are any.
 *
 * @param activation makes the model's output from z
 * @param y a class index, or one number per output
 */
export function positionLoss(
  { name, delta, gamma, alpha }: PositionLoss,
  activation: Activation,
  z: readonly number[],
  y: number | readonly number[],
): number {
  const target = typeof y === 'number' ? z.map((_, k) => (k === y ? 1 : 0)) : y
  const over = (term: (label: number, k: number) => number): number =>
    target.reduce((total, label, k) => total + term(label, k), 0)
  const isLogit = name.endsWith('FromLogits')
  const output = outputs(activation, z)
  switch (name.replace(/FromLogits$/, '').replace(/^sparseC/, 'c')) {
    case 'categoricalCrossentropy': {
      const { logP } = shares(isLogit, activation, z)
      return -over((label, k) => (label === 0 ? 0 : label * logP[k]!))
    }
    case 'categoricalFocalCrossentropy': {
      const { p, logP } = shares(isLogit, activation, z)
      return -over((label, k) =>
        label === 0 ? 0 : (alpha ?? 1) * (1 - p[k]!) ** gamma * label * logP[k]!,
      )
    }
    case 'kullbackLeiblerDivergence': {
      const logP =
        isLogit || activation === 'softmax' ? shares(isLogit, activation, z).logP : z.map(Math.log)
      return over((label, k) => (label === 0 ? 0 : label * (Math.log(label) - logP[k]!)))
    }
    case 'binaryCrossentropy': {
      const { logP, logQ } = bits(isLogit, activation, z)
      return -over((label, k) => label * logP[k]! + (1 - label) * logQ[k]!) / z.length
    }
    case 'binaryFocalCrossentropy': {
      const { logP, logQ } = bits(isLogit, activation, z)
      return (
        -over((label, k) => {
          const miss = label * Math.exp(logQ[k]!) + (1 - label) * Math.exp(logP[k]!)
          const balance = alpha === null ? 1 : label * alpha + (1 - label) * (1 - alpha)
          return balance * miss ** gamma * (label * logP[k]! + (1 - label) * logQ[k]!)
        }) / z.length
      )
    }
    case 'hinge':
      return over((label, k) => Math.max(1 - label * output[k]!, 0)) / z.length
    case 'squaredHinge':
      return over((label, k) => Math.max(1 - label * output[k]!, 0) ** 2) / z.length
    case 'categoricalHinge': {
      const rival = Math.max(...target.map((label, k) => (1 - label) * output[k]!))
      return Math.max(rival - over((label, k) => label * output[k]!) + 1, 0)
    }
    case 'meanSquaredError':
      return over((label, k) => (output[k]! - label) ** 2) / z.length
    case 'meanAbsoluteError':
      return over((label, k) => Math.abs(output[k]! - label)) / z.length
    case 'huber':
      return (
        over((label, k) => {
          const error = Math.abs(output[k]! - label)
          return error <= delta ? error ** 2 / 2 : delta * error - delta ** 2 / 2
        }) / z.length
      )
  }
  throw new Error(`${name} has no definition here.`)
}

function outputs(activation: Activation, z: readonly number[]): readonly number[] {
  switch (activation) {
    case 'linear':
      return z
    case 'sigmoid':
      return z.map((value) => 1 / (1 + Math.exp(-value)))
    case 'softmax':
      return shares(true, activation, z).p
  }
}

/** Probabilities that sum to 1: of logits by softmax, else divided by their sum. */
function shares(
  isLogit: boolean,
  activation: Activation,
  z: readonly number[],
): { p: number[]; logP: number[] } {
  const isSoftmax = isLogit || activation === 'softmax'
  const weights = isSoftmax ? z : outputs(activation, z).map(Math.log)
  const highest = Math.max(...weights)
  const sum = weights.reduce((total, value) => total + Math.exp(value - highest), 0)
  const logP = weights.map((value) => value - highest - Math.log(sum))
  return { p: logP.map(Math.exp), logP }
}

/** The logarithms of p and 1 − p. */
function bits(
  isLogit: boolean,
  activation: Activation,
  z: readonly number[],
): { logP: number[]; logQ: number[] } {
  if (isLogit || activation === 'sigmoid') {
    return { logP: z.map((value) => -softplus(-value)), logQ: z.map((value) => -softplus(value)) }
  }
  return { logP: z.map(Math.log), logQ: z.map((value) => Math.log1p(-value)) }
}

/** log(1 + eˣ) without overflow or cancellation. */
const softplus = (x: number): number => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)))
