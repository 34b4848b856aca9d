import type * as tf from '@tensorflow/tfjs'
import type { Device, PredictorSession } from 'gradlens'
import { tfjsPredictor } from 'gradlens/tfjs'
import { materializedGradients } from './formed-gradients.js'
import { hostGradients } from './host-block.js'
import { singleExampleGradients } from './single-example-reference.js'
import type { TrialModel } from './trial-model.js'

export interface TrialResult {
  /** The largest difference of a gradient's entry from the float64 reference, relative to that gradient's norm. */
  readonly error: number
  readonly warnings: readonly string[]
}

/** A model's gradients for batches of the given sizes in turn, in one session, against single examples. */
export async function runTrial(
  trial: TrialModel,
  batchSizes: readonly number[],
  device: Device,
): Promise<TrialResult> {
  using session = await tfjsPredictor(trial.model).open(device, { allowSoftware: true })
  const results: TrialResult[] = []
  for (const batchSize of batchSizes) {
    results.push(await compareBatch(session, trial, trial.examples(batchSize)))
  }
  return {
    error: Math.max(...results.map(({ error }) => error)),
    warnings: results.flatMap(({ warnings }) => warnings),
  }
}

/** One batch of a session of the model against single examples. */
export async function compareBatch(
  session: PredictorSession<tf.Tensor>,
  { model, loss }: TrialModel,
  { x, y }: ReturnType<TrialModel['examples']>,
): Promise<TrialResult> {
  const warnings: string[] = []
  const { warn } = console
  console.warn = (message: unknown): void => void warnings.push(String(message))
  try {
    const block = await hostGradients(session, [x], y, loss.loss)
    const errors = singleExampleGradients(model, loss.reference, x, y).map((gradients, k) =>
      differenceOf(materializedGradients(block, k), gradients),
    )
    return { error: Math.max(...errors), warnings }
  } finally {
    console.warn = warn
  }
}

function differenceOf(
  actual: ReadonlyMap<string, Float64Array>,
  expected: ReadonlyMap<string, Float64Array>,
): number {
  const norm = Math.hypot(...[...expected.values()].map((values) => Math.hypot(...values)))
  let largest = 0
  for (const [name, values] of expected) {
    // A parameter that the loss does not reach may be left out.
    const own = actual.get(name) ?? new Float64Array(values.length)
    if (own.length !== values.length) return Infinity
    for (const [k, value] of values.entries()) {
      const difference = Math.abs(own[k]! - value)
      if (Number.isNaN(difference)) return Infinity
      largest = Math.max(largest, difference)
    }
  }
  return norm === 0 ? largest : largest / norm
}
