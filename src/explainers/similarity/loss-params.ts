import { checkClasses } from '../../losses/check-classes.js'
import type { ReadLoss } from '../../losses/loss.js'
import type { Predictor } from '../../predictor.js'

/** @throws InvalidArgumentError for class weights that don't fit the model */
export function checkLoss<Value>(loss: ReadLoss<Value>, { output }: Predictor<Value>): void {
  if (typeof loss !== 'function') checkClasses(loss, output.shape)
}

/** The loss in the parameters of an explanation. */
export function describeLossParams<Value>(
  loss: ReadLoss<Value>,
): Readonly<Record<string, unknown>> {
  if (typeof loss === 'function') return { lossFn: 'function' }
  const { name, given } = loss
  return { lossFn: name, ...(Object.keys(given).length > 0 && { lossOptions: given }) }
}
