import { createExplanation, type Explanation } from '../../../explanation.js'
import { concatenateRows, type NdArray } from '../../../ndarray.js'
import type { CallOptions, Device } from '../../../options.js'
import type { ArraySpec } from '../../../predictor.js'
import type { GradientData, GradientOptions } from './gradient-options.js'
import type { AttributionRequest } from '../../reading/attribution-request.js'
import type { BatchSize } from '../../session/batch-size.js'
import { createMeta, listChannels } from '../../session/explanation-meta.js'
import type { ModelCall } from '../../session/model-session.js'
import { createProgressReporter, reportRound } from '../../session/progress.js'
import { predictTarget, toAttribution, withTargets } from '../attribution-call.js'
import { joinBatches } from '../sites.js'
import { gradientSites } from './gradient-sites.js'
import { meanGradient } from './mean-gradient.js'
import type { SmoothGradOptions } from './smooth-grad.js'

export interface ExplainGradientsOptions extends Pick<
  GradientOptions,
  'layer' | 'multiplyByInputs' | 'verbose'
> {
  readonly smoothGrad: Required<SmoothGradOptions> | null
  readonly batchSize: BatchSize
  readonly onProgress: CallOptions['onProgress']
  /** Throws unless the model's outputs are as expected. */
  readonly checkPredictions: (predictions: NdArray) => void
  readonly deviceName: () => Device | null
}

/** Explains examples by gradients of their outputs; see Gradient. */
export async function explainGradients<Value>(
  call: ModelCall<Value>,
  request: AttributionRequest,
  specs: readonly ArraySpec[],
  options: ExplainGradientsOptions,
): Promise<Explanation<GradientData>> {
  const { batchSize, smoothGrad, multiplyByInputs = false, verbose = false } = options
  const sites = gradientSites(call.predictor, specs, options.layer)
  const report = createProgressReporter('Gradient', verbose, options.onProgress)
  const weightsVersion = await call.weightsVersion()
  const examples = {
    x: await request.read.arrays(call, batchSize.most),
    further: request.further,
  }
  const { predictions, chosen } = await predictTarget(call, examples, batchSize, (outputs) => {
    options.checkPredictions(outputs)
    return request.target
  })
  const perTarget: (readonly NdArray[])[] = []
  for (const [t, target] of chosen.targets.entries()) {
    perTarget.push(
      await meanGradient(call, {
        sites,
        inputs: specs,
        examples,
        target,
        smoothGrad,
        batchSize,
        report: reportRound(report, t, chosen.targets.length),
      }),
    )
  }
  const values = multiplyByInputs
    ? await joinBatches(call, examples, batchSize, (session, some) => sites.values(session, some))
    : undefined
  const products = perTarget.map((gradients) =>
    values === undefined ? gradients : multiplyArrays(gradients, values),
  )
  const attributions = products[0]!.map(({ shape }, j) => ({
    data: concatenateRows(products.map((arrays) => arrays[j]!)).data,
    shape: withTargets(chosen, shape),
  }))
  await call.assertWeights(weightsVersion)
  const meta = createMeta('Gradient', {
    layer: sites.names,
    multiplyByInputs,
    smoothGrad,
    internalBatchSize: batchSize.option,
    inputCount: specs.length,
    channels: listChannels(specs),
    layerChannels: sites.names === null ? null : sites.channels(),
    backendName: options.deviceName(),
  })
  return createExplanation(meta, {
    attributions,
    attributionNames: sites.attributionNames(),
    predictions,
    target: chosen.array,
    ...(chosen.sum && { targetSum: chosen.sum }),
  })
}

function multiplyArrays(gradients: readonly NdArray[], values: readonly NdArray[]): NdArray[] {
  return gradients.map(({ data, shape }, k) => {
    const products = Float32Array.from(
      data,
      (gradient, at) => gradient * (values[k]?.data[at] ?? NaN),
    )
    return toAttribution(products, shape)
  })
}
