import { arithmeticCases } from './cases-arithmetic.js'
import { convolutionCases, dilationCases } from './cases-convolution.js'
import { pictureCases } from './cases-picture.js'
import { poolingCases } from './cases-pooling.js'
import { reductionCases } from './cases-reduction.js'
import { normalisationCases, productCases, shapeCases } from './cases-shape.js'
import type { GradientCase } from './gradient-case.js'

/** Every operation whose gradient is tested on every device, by subject. */
export const kernelCases: Readonly<Record<string, readonly GradientCase[]>> = {
  convolutions: convolutionCases,
  dilations: dilationCases,
  pooling: poolingCases,
  pictures: pictureCases,
  arithmetic: arithmeticCases,
  reductions: reductionCases,
  shapes: shapeCases,
  products: productCases,
  normalisation: normalisationCases,
}
