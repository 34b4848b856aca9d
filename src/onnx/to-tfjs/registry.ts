import type { Rules } from './rule.js'
import { activationRules } from './rules/activations.js'
import { arrangementRules } from './rules/arrangement.js'
import { convolutionRules } from './rules/convolutions.js'
import { elementwiseRules } from './rules/elementwise.js'
import { normalizationRules } from './rules/normalizations.js'
import { poolRules } from './rules/pools.js'
import { productRules } from './rules/products.js'
import { recurrentRules } from './rules/recurrent.js'
import { reductionRules } from './rules/reductions.js'
import { resizeRules } from './rules/resize.js'
import { selectionRules } from './rules/selection.js'

/** The operators of ONNX that become nodes of TensorFlow. */
export const rules: Rules = {
  ...activationRules,
  ...arrangementRules,
  ...convolutionRules,
  ...elementwiseRules,
  ...normalizationRules,
  ...poolRules,
  ...productRules,
  ...recurrentRules,
  ...reductionRules,
  ...resizeRules,
  ...selectionRules,
}
