/**
 * Losses by name. `…FromLogits` takes the model's outputs as logits; the others take them as probabilities or values.
 */
export const lossNames = [
  'categoricalCrossentropy',
  'categoricalCrossentropyFromLogits',
  'sparseCategoricalCrossentropy',
  'sparseCategoricalCrossentropyFromLogits',
  'binaryCrossentropy',
  'binaryCrossentropyFromLogits',
  'categoricalFocalCrossentropy',
  'categoricalFocalCrossentropyFromLogits',
  'sparseCategoricalFocalCrossentropy',
  'sparseCategoricalFocalCrossentropyFromLogits',
  'binaryFocalCrossentropy',
  'binaryFocalCrossentropyFromLogits',
  'kullbackLeiblerDivergence',
  'kullbackLeiblerDivergenceFromLogits',
  'hinge',
  'squaredHinge',
  'categoricalHinge',
  'meanSquaredError',
  'meanAbsoluteError',
  'huber',
] as const

/** The name of a loss. */
export type LossName = (typeof lossNames)[number]

/** The labels of one position: a class index, a share per class, 0 or 1, −1 or 1, or any number per output. */
export type LabelForm = 'class' | 'shares' | 'bits' | 'signs' | 'values'

export function labelForm(name: LossName): LabelForm {
  if (name.startsWith('sparse')) return 'class'
  if (name.startsWith('binary')) return 'bits'
  if (name.startsWith('categorical') || name.startsWith('kullback')) return 'shares'
  return name === 'hinge' || name === 'squaredHinge' ? 'signs' : 'values'
}

export const isFocal = (name: LossName): boolean => name.includes('Focal')
