import { activations } from './elementwise/activations.js'
import { arithmetic } from './elementwise/arithmetic.js'
import { functions } from './elementwise/functions.js'
import { steps } from './elementwise/steps.js'
import { attention } from './layers/attention.js'
import { einsum } from './layers/einsum.js'
import { localResponseNormalization } from './layers/lrn.js'
import { normalizations } from './layers/normalizations.js'
import { products } from './layers/products.js'
import { recurrent } from './recurrent/recurrent.js'
import { reductions } from './reductions/reductions.js'
import { softmax } from './reductions/softmax.js'
import { topK } from './reductions/top-k.js'
import type { Rules } from './rule.js'
import { blocks } from './shapes/blocks.js'
import { gathering } from './shapes/gather.js'
import { joining } from './shapes/joining.js'
import { padding } from './shapes/pad.js'
import { repetition } from './shapes/repetition.js'
import { reshaping } from './shapes/reshape.js'
import { running } from './shapes/running.js'
import { scattering } from './shapes/scatter.js'
import { slice } from './shapes/slice.js'
import { convolutions } from './windows/convolution.js'
import { globalPools } from './windows/global-pools.js'
import { pools } from './windows/pools.js'
import { resize } from './windows/resize.js'

/** The backward rules of all operators that have one. */
export const rules: Rules = {
  ...activations,
  ...arithmetic,
  ...functions,
  ...steps,
  ...reshaping,
  ...repetition,
  ...joining,
  Slice: slice,
  Pad: padding,
  ...gathering,
  ...scattering,
  ...running,
  ...blocks,
  ...reductions,
  ...softmax,
  TopK: topK,
  ...products,
  Einsum: einsum,
  ...normalizations,
  Attention: attention,
  ...recurrent,
  LRN: localResponseNormalization,
  ...convolutions,
  ...pools,
  ...globalPools,
  Resize: resize,
}
