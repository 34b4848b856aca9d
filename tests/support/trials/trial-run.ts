import type * as tf from '@tensorflow/tfjs'
import type { Device, PredictorSession } from 'gradlens'
import { tfjsPredictor } from 'gradlens/tfjs'
import { materializedGradients } from '../references/materialized-gradients.js'
import { hostGradients } from '../gradients/host-block.js'
import { singleExampleGradients } from '../references/single-example-gradients.js'
import type { TrialModel } from './trial-model.js'

export interface TrialResult {
  /** The largest difference of a gradient's entry from the float64 reference, relative to the gradient's norm. */
  readonly error: number
  readonly warnings: readonly string[]
}

/** One example's gradient against the reference. */
interface Comparison {
  /** The largest difference of an entry. */
  readonly difference: number
  /** The norm of the reference. */
  readonly norm: number
}

/**
 * A gradient this much smaller than the largest one of its trial is a difference of almost equal numbers, whose float32
 * rounding is relative to them.
 */
const cancelledShare = 1e-2

/** A model's gradients for batches of the given sizes in turn, in one session, against single examples. */
export async function runTrial(
  trial: TrialModel,
  batchSizes: readonly number[],
  device: Device,
): Promise<TrialResult> {
  using session = await tfjsPredictor(trial.model).open(device, { allowSoftware: true })
  const comparisons: Comparison[] = []
  const warnings = await warningsOf(async () => {
    for (const batchSize of batchSizes) {
      comparisons.push(...(await compareBatch(session, trial, trial.examples(batchSize))))
    }
  })
  return { error: errorOf(comparisons), warnings }
}

/** The examples of one batch of a session of the model against single examples. */
export async function compareBatch(
  session: PredictorSession<tf.Tensor>,
  { model, loss }: TrialModel,
  { x, y }: ReturnType<TrialModel['examples']>,
): Promise<Comparison[]> {
  const block = await hostGradients(session, [x], y, loss.loss)
  return singleExampleGradients(model, loss.reference, x, y).map((gradients, k) =>
    compared(materializedGradients(block, k), gradients),
  )
}

/** The largest relative error of the gradients of one trial. */
export function errorOf(comparisons: readonly Comparison[]): number {
  const largest = Math.max(...comparisons.map(({ norm }) => norm))
  return Math.max(
    ...comparisons.map(({ difference, norm }) =>
      difference === 0 ? 0 : difference / Math.max(norm, cancelledShare * largest),
    ),
  )
}

/** What the library warns of while a function runs. */
export async function warningsOf(run: () => Promise<void>): Promise<string[]> {
  const warnings: string[] = []
  const { warn } = console
  console.warn = (message: unknown): void => void warnings.push(String(message))
  try {
    await run()
  } finally {
    console.warn = warn
  }
  return warnings
}

function compared(
  actual: ReadonlyMap<string, Float64Array>,
  expected: ReadonlyMap<string, Float64Array>,
): Comparison {
  const norm = Math.hypot(...[...expected.values()].map((values) => Math.hypot(...values)))
  let difference = 0
  for (const [name, values] of expected) {
    // A parameter that the loss doesn't depend on may be left out.
    const own = actual.get(name) ?? new Float64Array(values.length)
    for (const [k, value] of values.entries()) {
      const ownDifference = Math.abs((own[k] ?? NaN) - value)
      difference = Math.max(difference, Number.isNaN(ownDifference) ? Infinity : ownDifference)
    }
  }
  return { difference, norm }
}
