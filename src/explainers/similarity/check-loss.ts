import { checkClasses } from '../../losses/check-classes.js'
import type { ReadLoss } from '../../losses/loss.js'
import type { Predictor } from '../../predictor.js'

/** @throws InvalidArgumentError for class weights that don't fit the model */
export function checkLoss<Value>(loss: ReadLoss<Value>, { output }: Predictor<Value>): void {
  if (typeof loss !== 'function') checkClasses(loss, output.shape)
}
