import { createExplanation, type Explanation } from '../../../explanation.js'
import { joinArrays } from '../../../join-arrays.js'
import type { CallOptions, Device } from '../../../options.js'
import type { ArraySpec } from '../../../predictor.js'
import type { ExpectedGradientsData } from './expectation-options.js'
import type { AttributionRequest } from '../../reading/attribution-request.js'
import type { ReadInputs } from '../../reading/inputs.js'
import type { BatchSize } from '../../session/batch-size.js'
import { createMeta, listChannels } from '../../session/explanation-meta.js'
import type { ModelCall } from '../../session/model-session.js'
import { createProgressReporter, reportRound } from '../../session/progress.js'
import { chooseSites, predictTarget, toAttribution, withTargets } from '../attribution-call.js'
import { explainedScore } from '../explained-score.js'
import { joinBatches } from '../sites.js'
import { expectedAttributions } from './expected-integral.js'

export interface ExplainExpectationsOptions {
  readonly layer: unknown
  readonly attributeToLayerInputs: boolean
  readonly nSamples: number
  readonly seed: number
  readonly batchSize: BatchSize
  readonly verbose: boolean
  readonly onProgress: CallOptions['onProgress']
  readonly deviceName: () => Device | null
}

/** Explains examples by means over drawn baselines; see ExpectedGradients. */
export async function explainExpectations<Value>(
  call: ModelCall<Value>,
  request: AttributionRequest,
  specs: readonly ArraySpec[],
  drawnFrom: ReadInputs,
  options: ExplainExpectationsOptions,
): Promise<Explanation<ExpectedGradientsData>> {
  const { nSamples, seed, batchSize, verbose, onProgress } = options
  const { sites, layerNames } = chooseSites(
    call.predictor,
    specs,
    options.layer,
    options.attributeToLayerInputs,
  )
  const { read, further } = request
  const report = createProgressReporter('ExpectedGradients', verbose, onProgress)

  const weightsVersion = await call.weightsVersion()
  const examples = { x: await read.arrays(call, batchSize.most), further }
  const explained = await predictTarget(call, examples, batchSize, () => request.target)
  const { predictions, chosen } = explained
  const ends = await joinBatches(call, examples, batchSize, (session, some) =>
    sites.values(session, some),
  )
  const { exampleCount } = read
  const backgroundArrays = await drawnFrom.arrays(call, batchSize.most)
  const results: (readonly Float64Array[])[] = []
  const allDeltas: Float64Array[] = []
  for (const [t, target] of chosen.targets.entries()) {
    const { attributions, scores } = await expectedAttributions(call, {
      sites,
      examples,
      ends,
      background: backgroundArrays,
      target,
      nSamples,
      seed,
      batchSize: batchSize,
      report: reportRound(report, t, chosen.targets.length),
    })
    results.push(attributions)
    allDeltas.push(
      scores.map((score, i) => {
        const difference = target.signs[i]! * (explainedScore(predictions, target, i) - score)
        return sumExample(attributions, exampleCount, i) - difference
      }),
    )
  }
  await call.assertWeights(weightsVersion)
  const attributions = ends.map((_, j) =>
    joinArrays(
      Float64Array,
      results.map((one) => one[j]!),
    ),
  )
  const deltas = joinArrays(Float64Array, allDeltas)
  const meta = createMeta('ExpectedGradients', {
    nSamples,
    seed,
    internalBatchSize: batchSize.option,
    layer: layerNames,
    inputCount: specs.length,
    channels: listChannels(specs),
    layerChannels: layerNames === null ? null : sites.channels(),
    backendName: options.deviceName(),
  })
  return createExplanation(meta, {
    attributions: attributions.map((values, j) =>
      toAttribution(values, withTargets(chosen, ends[j]!.shape)),
    ),
    attributionNames: sites.names(),
    predictions,
    deltas: { data: deltas, shape: withTargets(chosen, [exampleCount]) },
    target: chosen.array,
    ...(chosen.sum && { targetSum: chosen.sum }),
  })
}

function sumExample(
  arrays: readonly Float64Array[],
  exampleCount: number,
  example: number,
): number {
  return arrays.reduce((sum, values) => {
    const size = values.length / exampleCount
    return values
      .subarray(example * size, (example + 1) * size)
      .reduce((all, value) => all + value, sum)
  }, 0)
}
