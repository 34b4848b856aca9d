import { warnOnce } from '../../warn-once.js'
import type { LoadedModel } from '../model/loaded-model.js'

/** The names that PyTorch's exporters give to constants that they computed from parameters. */
const exporterName = /^(?:onnx::\w+|val)_\d+$/

const shownCount = 3

/** Warns, once for each model, of parameters that PyTorch's exporters have changed. */
export function warnOfExporter(
  owner: object,
  { name, constants }: LoadedModel,
  parameters: readonly string[],
): void {
  const changed = parameters.filter((own) => exporterName.test(own) && constants.has(own))
  if (changed.length === 0) return
  const shown = changed.slice(0, shownCount).map((own) => `'${own}'`)
  const others = changed.length > shownCount ? ` and ${changed.length - shownCount} more` : ''
  warnOnce(
    owner,
    `${changed.length} parameters of model '${name}' were computed by PyTorch's exporter from others, such as transposed ` +
      `weights: ${shown.join(', ')}${others}. Scores are the same for transposed weights, and other ones where a batch ` +
      'normalization was added to a convolution. Export with dynamo=False, do_constant_folding=False and ' +
      "training=TrainingMode.PRESERVE to keep PyTorch's parameters and their names.",
  )
}
