import type { Tensor } from '@tensorflow/tfjs'
import type { PredictorSession } from 'gradlens'
import { beforeAll, describe, expect, it } from 'vitest'
import { createCheckedSession } from '../../../src/adapters/checked-session.js'
import { openDevice } from '../../../src/tfjs/engine/devices.js'
import { wrapFunctionModel } from '../../../src/tfjs/models/function-model.js'
import type { OutlinedTensor, TapeOutline } from '../../../src/tfjs/per-example/tape-outline.js'
import { DeviceModel } from '../../../src/tfjs/session/device-model.js'
import { runOutlinePass } from '../../../src/tfjs/session/gradient-passes.js'
import { TfjsPasses } from '../../../src/tfjs/session/passes.js'
import { findTapeKnowledge } from '../../../src/tfjs/session/tape-knowledge.js'
import { constantModel, constantModels } from '../../support/trials/constant-models.js'
import { useDevice } from '../../support/devices/devices.js'
import { randomTrial } from '../../support/trials/random-models.js'
import type { TrialModel } from '../../support/trials/trial-model.js'
import {
  compareBatch,
  errorOf,
  type TrialResult,
  warningsOf,
} from '../../support/trials/trial-run.js'

/** An error of this size is not rounding: the gradients are wrong. */
const wrong = 1e-2
/** As in the tests that these trials come from. */
const right = 2e-5

/**
 * The derivation of the batch replaced by a guess from sizes: whatever an op makes that is as long as the batch carries
 * it. What it does to the gradients shows that the trials would notice.
 *
 * @param isChecked false to switch the self-check off as well
 */
async function guessing(
  trial: TrialModel,
  batchSize: number,
  isChecked: boolean,
): Promise<TrialResult> {
  const device = await openDevice('cpu', true)
  const model = wrapFunctionModel(trial.model, {})
  const examples = trial.examples(batchSize)
  const passes = new TfjsPasses(model, device)
  using session = isChecked ? createCheckedSession(passes) : createUncheckedSession(passes)
  const trainable = model.weights().map(({ name }) => name)
  const known = findTapeKnowledge(model, 'cpu', trainable, [examples.x])
  const deviceModel = new DeviceModel(model, device)
  const otherSize = batchSize === 2 ? 3 : 2
  const [own, other] = [examples, trial.examples(otherSize)].map(({ x }) =>
    deviceModel.run(() => runOutlinePass(deviceModel, [x], true)),
  ) as [TapeOutline, TapeOutline]
  deviceModel.dispose()
  known.outlines.set(otherSize, guessed(own, other))
  let error = NaN
  const warnings = await warningsOf(async () => {
    error = errorOf(await compareBatch(session, trial, examples))
  })
  return { error, warnings }
}

function guessed(own: TapeOutline, other: TapeOutline): TapeOutline {
  const carrying = new Set(
    own.nodes.flatMap(({ outputs }) =>
      outputs.filter(({ shape }) => shape[0] === own.exampleCount).map(({ number }) => number),
    ),
  )
  const asBatch = ({ number, shape }: OutlinedTensor): OutlinedTensor => ({
    number,
    shape: carrying.has(number) ? [other.exampleCount, ...shape.slice(1)] : shape,
  })
  return {
    ...other,
    nodes: other.nodes.map((node) => ({ ...node, outputs: node.outputs.map(asBatch) })),
  }
}

/** A session of the passes as they are. */
function createUncheckedSession(passes: TfjsPasses): PredictorSession<Tensor> {
  const checked = createCheckedSession(passes)
  return {
    ...checked,
    lossGradients: async (x, y, loss) => {
      const batch = await passes.lossGradients({ x, y, loss })
      if ('reason' in batch) return checked.lossGradients(x, y, loss)
      using pass = batch
      return pass.block
    },
  }
}

describe('a batch that is guessed from sizes', () => {
  beforeAll(() => useDevice('cpu'))

  it('causes wrong gradients in many models with constants as long as a batch', async () => {
    let wrongCount = 0
    for (const constants of constantModels) {
      const trial = constantModel(constants)
      const { error } = await guessing(trial, 4, false)
      trial.dispose()
      if (error > wrong) wrongCount++
    }
    expect(wrongCount).toBeGreaterThanOrEqual(15)
  })

  it('causes wrong gradients in some random models', async () => {
    const wrongSeeds: number[] = []
    for (let seed = 1; seed <= 60; seed++) {
      const { trial, batchSizes } = randomTrial(seed)
      const { error } = await guessing(trial, batchSizes[0]!, false)
      trial.dispose()
      if (error > wrong) wrongSeeds.push(seed)
    }
    expect(wrongSeeds.length).toBeGreaterThan(0)
  })

  it('is noticed by the self-check, which computes examples one by one, with a warning', async () => {
    const reasons: string[] = []
    for (const constants of constantModels) {
      const trial = constantModel(constants)
      const { error, warnings } = await guessing(trial, 4, true)
      trial.dispose()
      expect(error, constants.title).toBeLessThanOrEqual(right)
      reasons.push(...warnings)
    }
    expect(reasons.length).toBeGreaterThanOrEqual(15)
    for (const reason of reasons) expect(reason).toContain('one example at a time')
  })
})
