import type { LossName, NdArray } from 'gradlens'
import type { EndActivation } from '../models/model-facts.js'
import type { EncodedLabels } from './encode-labels.js'

/**
 * The losses that an output can have with these labels, the most likely one first. Empty if there
 * is none, as for a regression without labels.
 */
export function listLosses(
  size: number,
  activation: EndActivation,
  labels: EncodedLabels,
): readonly LossName[] {
  const isLinear = activation === 'none'
  if (labels.kind === 'values') {
    if (activation === 'sigmoid') return ['binaryCrossentropy', 'binaryFocalCrossentropy']
    return isLinear
      ? ['meanSquaredError', 'meanAbsoluteError', 'huber']
      : ['categoricalCrossentropy', 'kullbackLeiblerDivergence']
  }
  if (size === 1) {
    // Without labels or an activation, nothing says what the number means.
    if (isLinear) return labels.kind === 'none' ? [] : ['binaryCrossentropyFromLogits', 'hinge']
    return ['binaryCrossentropy', 'binaryFocalCrossentropy']
  }
  if (activation === 'sigmoid') return ['binaryCrossentropy', 'binaryFocalCrossentropy']
  return isLinear
    ? ['sparseCategoricalCrossentropyFromLogits', 'sparseCategoricalFocalCrossentropyFromLogits']
    : ['sparseCategoricalCrossentropy', 'sparseCategoricalFocalCrossentropy']
}

/** What a loss is called in words. */
export const lossLabels: Partial<Readonly<Record<LossName, string>>> = {
  meanSquaredError: 'Mean squared error',
  meanAbsoluteError: 'Mean absolute error',
  huber: 'Huber',
  hinge: 'Hinge',
  categoricalCrossentropy: 'Cross-entropy',
  kullbackLeiblerDivergence: 'Kullback–Leibler divergence',
  sparseCategoricalCrossentropy: 'Cross-entropy',
  sparseCategoricalCrossentropyFromLogits: 'Cross-entropy of softmax',
  sparseCategoricalFocalCrossentropy: 'Focal cross-entropy',
  sparseCategoricalFocalCrossentropyFromLogits: 'Focal cross-entropy of softmax',
  binaryCrossentropy: 'Binary cross-entropy',
  binaryCrossentropyFromLogits: 'Binary cross-entropy of sigmoid',
  binaryFocalCrossentropy: 'Focal binary cross-entropy',
}

/** Labels in the form that a loss takes. */
export function arrangeLabels(
  labels: Exclude<EncodedLabels, { kind: 'none' }>,
  loss: LossName,
  size: number,
): NdArray {
  if (labels.kind === 'values') {
    return { data: labels.values, shape: [labels.values.length / size, size] }
  }
  const { indices } = labels
  if (loss.startsWith('sparse')) return { data: indices, shape: [indices.length] }
  if (size === 1) return { data: Float32Array.from(indices), shape: [indices.length, 1] }
  const data = new Float32Array(indices.length * size)
  indices.forEach((index, n) => (data[n * size + index] = 1))
  return { data, shape: [indices.length, size] }
}
