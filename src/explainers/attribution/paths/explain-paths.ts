import { createExplanation, type Explanation } from '../../../explanation.js'
import { assertFinite, concatenateRows, lookAtTheModel, type NdArray } from '../../../ndarray.js'
import type { CallOptions, Device } from '../../../options.js'
import type { ArraySpec } from '../../../predictor.js'
import type { IntegratedGradientsData, IntegratedGradientsOptions } from './path-options.js'
import type { AttributionRequest } from '../../reading/attribution-request.js'
import {
  type AverageOf,
  type Baselines,
  type CopiedBaselines,
  isAverage,
  nameBaseline,
} from '../../reading/baselines.js'
import { copyTargets } from '../../reading/copied-targets.js'
import { rowsOf } from '../../reading/inputs.js'
import { readBaseline } from '../../reading/read-baseline.js'
import type { BatchSize } from '../../session/batch-size.js'
import { createMeta, listChannels } from '../../session/explanation-meta.js'
import type { ModelCall } from '../../session/model-session.js'
import { createProgressReporter, reportRound } from '../../session/progress.js'
import { chooseSites, predictTarget, toAttribution, withTargets } from '../attribution-call.js'
import { joinBatches } from '../sites.js'
import {
  type Accuracy,
  attributeTargets,
  meanOf,
  type PathAttributions,
} from './path-attributions.js'

export interface ExplainPathsOptions extends Pick<IntegratedGradientsOptions, 'layer' | 'verbose'> {
  readonly targetFn: IntegratedGradientsOptions['targetFn']
  readonly attributeToLayerInputs: boolean
  /** As the caller gave them, for names in messages. */
  readonly baselines: Baselines<unknown> | AverageOf<unknown>
  readonly accuracy: Accuracy
  readonly batchSize: BatchSize
  readonly onProgress: CallOptions['onProgress']
  readonly deviceName: () => Device | null
}

/** Explains examples by integrals along paths from baselines; see IntegratedGradients. */
export async function explainPaths<Value>(
  call: ModelCall<Value>,
  request: AttributionRequest,
  specs: readonly ArraySpec[],
  begins: readonly CopiedBaselines[],
  options: ExplainPathsOptions,
): Promise<Explanation<IntegratedGradientsData>> {
  const { baselines, targetFn, accuracy, batchSize, verbose = false, onProgress } = options
  const { sites, layerNames } = chooseSites(
    call.predictor,
    specs,
    options.layer,
    options.attributeToLayerInputs,
  )
  const { read, further } = request

  const inputs = await read.arrays(call, batchSize.most)
  const baselineArrays: NdArray[][] = []
  for (const [m, begin] of begins.entries()) {
    const one = await begin(call, batchSize.most)
    const named = (j: number): string =>
      isAverage(baselines)
        ? nameBaseline(`baselines.average[${m}]`, baselines.average[m], specs, j)
        : nameBaseline('baselines', baselines, specs, j)
    baselineArrays.push(
      await Promise.all(inputs.map((array, j) => readBaseline(named(j), one[j], array))),
    )
  }
  const weightsVersion = await call.weightsVersion()
  const examples = { x: inputs, further }
  const explained = await predictTarget(call, examples, batchSize, ({ data, shape }) => {
    const given = targetFn?.({ data: data.slice(), shape: [...shape] })
    return given === undefined ? request.target : copyTargets(given)
  })
  const { predictions, chosen } = explained
  const ends = await joinBatches(call, examples, batchSize, (session, some) =>
    sites.values(session, some),
  )
  const report = createProgressReporter('IntegratedGradients', verbose, onProgress)
  const results: PathAttributions[] = []
  for (const [m, baseline] of baselineArrays.entries()) {
    const starts = await joinBatches(call, { x: baseline, further }, batchSize, (session, some) =>
      sites.values(session, some),
    )
    const [atStarts] = await joinBatches(
      call,
      examples,
      batchSize,
      async (session, some, start, end) => [
        await sites.predict(session, some, rowsOf(starts, start, end)),
      ],
    )
    assertFinite('the predictions at the baselines', atStarts!, lookAtTheModel)
    results.push(
      await attributeTargets(call, chosen.targets, {
        sites,
        examples,
        ends,
        starts,
        accuracy: accuracy,
        atEnds: predictions,
        atStarts: atStarts!,
        batchSize: batchSize,
        report: reportRound(report, m, baselineArrays.length),
      }),
    )
  }
  await call.assertWeights(weightsVersion)
  const { attributions, deltas, steps } = meanOf(results)
  const { tolerance } = accuracy
  const { exampleCount } = read
  const meta = createMeta('IntegratedGradients', {
    targetFn: targetFn === undefined ? null : 'function',
    ...accuracy,
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
    x: unwrapSingle(inputs),
    forwardKwargs: further,
    baselines: unwrapSingle(stackBaselines(baselines, baselineArrays)),
    predictions,
    deltas: { data: deltas, shape: withTargets(chosen, [exampleCount]) },
    ...(tolerance !== null && {
      steps: { data: steps, shape: withTargets(chosen, [exampleCount]) },
      notReached: Array.from({ length: exampleCount }, (_, i) => i).filter((i) =>
        deltas.some((delta, at) => at % exampleCount === i && Math.abs(delta) > tolerance),
      ),
    }),
    target: chosen.array,
    ...(chosen.sum && { targetSum: chosen.sum }),
  })
}

/** The baseline of each input; for an average, all of them, [baselines, …]. */
function stackBaselines(
  baselines: Baselines<unknown> | AverageOf<unknown>,
  read: readonly (readonly NdArray[])[],
): readonly NdArray[] {
  const [first] = read
  if (!isAverage(baselines)) return first!
  return first!.map(({ shape }, j) => {
    const all = concatenateRows(read.map((one) => one[j]!))
    return { data: all.data, shape: [read.length, ...shape] }
  })
}

const unwrapSingle = (arrays: readonly NdArray[]): NdArray | readonly NdArray[] =>
  arrays.length === 1 && arrays[0] !== undefined ? arrays[0] : arrays
