import type { Rules } from './rule.js'
import { activationRules } from './rules/activations.js'
import { arrangementRules } from './rules/arrangement.js'
import { convolutionRules } from './rules/convolutions.js'
import { elementwiseRules } from './rules/elementwise.js'
import { linearModelRules } from './rules/linear-models.js'
import { normalizationRules } from './rules/normalizations.js'
import { poolRules } from './rules/pools.js'
import { productRules } from './rules/products.js'
import { recurrentRules } from './rules/recurrent.js'
import { reductionRules } from './rules/reductions.js'
import { resizeRules } from './rules/resize.js'
import { selectionRules } from './rules/selection.js'

const rules: Rules = {
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

/** The operators that become nodes of TensorFlow, by their domain; '' for ONNX's own. */
export const rulesByDomain: Readonly<Record<string, Rules | undefined>> = {
  '': rules,
  'ai.onnx.ml': linearModelRules,
}
