import { UnsupportedError } from '../../errors.js'
import {
  compareIdentities,
  hashWeights,
  identifyLoss,
  refuseDifferences,
  type StoreIdentity,
} from '../../store/zarr/format/store-identity.js'
import { describeLoss } from '../../losses/identity.js'
import type { ReadLoss } from '../../losses/loss.js'
import type { ModelCall } from './model-session.js'
import { selectTrainable } from './parameters.js'

/**
 * Reads what distinguishes this model with this loss from others.
 *
 * @throws UnsupportedError if the predictor does not give its weights
 */
export async function readModelIdentity<Value>(
  call: ModelCall<Value>,
  loss: ReadLoss<Value>,
): Promise<StoreIdentity> {
  const weights = await call.run(async (session) => session.weights?.())
  if (weights === undefined) {
    throw new UnsupportedError(
      'weights',
      'The predictor does not provide its weights, which identify the model of a store. ' +
        'Use one that does, or no store.',
    )
  }
  return { ...(await describeModelIdentity(call, loss)), weightsHash: await hashWeights(weights) }
}

/** The identity without the weights: their hash is one of zeros. */
export async function describeModelIdentity<Value>(
  call: ModelCall<Value>,
  loss: ReadLoss<Value>,
): Promise<StoreIdentity> {
  const { name, isLogits = false, isOneOfSeveral = false } = call.predictor.output
  return {
    weightsHash: `sha256:${'0'.repeat(64)}`,
    loss:
      (await identifyLoss(typeof loss === 'function' ? loss : describeLoss(loss))) +
      (isLogits ? ' of the logits' : '') +
      (isOneOfSeveral ? ` of the output '${name}'` : ''),
    parameters: selectTrainable(call.predictor).map(({ name, shape }) => ({ name, shape })),
  }
}

/** @throws StoreError that says what differs */
export async function assertSameModel<Value>(
  call: ModelCall<Value>,
  loss: ReadLoss<Value>,
  identity: StoreIdentity,
): Promise<void> {
  refuseDifferences(compareIdentities(await readModelIdentity(call, loss), identity))
}
