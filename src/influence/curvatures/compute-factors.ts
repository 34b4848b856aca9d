import { UnsupportedError } from '../../errors.js'
import type { GradientContext } from '../../explainers/similarity/training-set.js'
import type { GradientBlock } from '../../gradients/block.js'
import type { Labels } from '../../losses/labels.js'
import { positionLoss } from '../../losses/loss.js'
import type { NdArray } from '../../ndarray.js'
import type { InfluenceSettings } from '../influence-options.js'
import { sampleLabels } from './sample-labels.js'

/**
 * Computes the gradients that a curvature is estimated from, with their factors: those of drawn labels, or of the given
 * ones.
 *
 * @param first the number of the first example, which selects the random numbers
 */
export async function computeFactors<Value>(
  { call, loss }: Pick<GradientContext<Value>, 'call' | 'loss'>,
  x: readonly NdArray[],
  y: Labels,
  first: number,
  { fisher, seed }: Pick<InfluenceSettings, 'fisher' | 'seed'>,
): Promise<GradientBlock> {
  const ofPosition = typeof loss === 'function' ? loss : positionLoss(loss)
  const keepsFactors = true
  const draw = (output: NdArray): Labels => sampleLabels(loss, output, y, first, seed)
  const block = await call.run(async (session) => {
    if (fisher === 'empirical') return session.lossGradients(x, y, ofPosition, { keepsFactors })
    if (session.drawsLabels === true) {
      return session.lossGradients(x, y, ofPosition, { keepsFactors, drawLabels: draw })
    }
    const labels = draw(await session.predict(x, {}))
    return session.lossGradients(x, labels, ofPosition, { keepsFactors })
  })
  if (!('gpuDevice' in block)) return block
  block[Symbol.dispose]()
  throw new UnsupportedError(
    'keepsFactors',
    'The predictor left the factors of gradients in GPU buffers; a curvature needs them in arrays. Use another device, ' +
      "or curvature: 'identity'.",
  )
}
