import { createExplanation, type Explanation } from '../../../explanation.js'
import { concatenateRows, type NdArray, sizeOf } from '../../../ndarray.js'
import type { CallOptions, Device } from '../../../options.js'
import type { ArraySpec } from '../../../predictor.js'
import type {
  ClassActivationMethod,
  GradCamData,
  GradCamOptions,
  Interpolation,
} from './map-options.js'
import type { Target } from '../../reading/targets.js'
import type { AttributionRequest } from '../../reading/attribution-request.js'
import type { BatchSize } from '../../session/batch-size.js'
import { createMeta } from '../../session/explanation-meta.js'
import type { ModelCall } from '../../session/model-session.js'
import { createProgressReporter } from '../../session/progress.js'
import { predictTarget, toAttribution, withTargets } from '../attribution-call.js'
import { takeIndices } from '../explained-score.js'
import { interpolate } from './interpolate.js'
import { findMapLayer, type MapLayer } from './map-layer.js'
import { joinBatches, withLayers } from '../sites.js'

export interface MapOptions extends Pick<
  GradCamOptions,
  'layer' | 'channels' | 'input' | 'verbose'
> {
  readonly method: ClassActivationMethod
  readonly interpolation: Interpolation
  readonly batchSize: BatchSize
  readonly onProgress: CallOptions['onProgress']
  readonly deviceName: () => Device | null
}

/** Explains examples by class activation maps; see GradCam. */
export async function explainByMaps<Value>(
  call: ModelCall<Value>,
  { read, further, target: given }: AttributionRequest,
  specs: readonly ArraySpec[],
  options: MapOptions,
): Promise<Explanation<GradCamData>> {
  const { batchSize, method, interpolation, verbose = false, onProgress } = options
  const report = createProgressReporter('GradCam', verbose, onProgress)
  const weightsVersion = await call.weightsVersion()
  const examples = { x: await read.arrays(call, batchSize.most), further }
  const { predictions, chosen } = await predictTarget(call, examples, batchSize, () => given)
  const layer = await findMapLayer(call, examples, specs, options)
  const { site, input } = layer

  const perTarget = await joinBatches(
    call,
    examples,
    batchSize,
    async (session, some, start, end) => {
      const layers = withLayers(session)
      const [[values] = []] = await layers.activations(some.x, some.further, [site])
      const indices = Array.from({ length: end - start }, (_, k) => start + k)
      const maps: NdArray[] = []
      for (const target of chosen.targets) {
        const [[gradients] = []] = await layers.activationGradients(
          some.x,
          takeIndices(target.indices, target.terms, indices),
          some.further,
          { sites: [site] },
        )
        maps.push(mapExamples(values!, gradients!, layer, method, signsOf(target, start, end)))
      }
      report({ phase: 'explain', done: end, total: read.exampleCount })
      return maps
    },
  )
  await call.assertWeights(weightsVersion)

  const maps = concatenateRows(perTarget)
  const positions = maps.shape.slice(1)
  const x = examples.x[input]!
  const { name, channels = 'last' } = specs[input]!
  const isFirst = layer.hasChannels && channels === 'first'
  const lengths = x.shape.slice(isFirst ? 2 : 1, 1 + positions.length + (isFirst ? 1 : 0))
  const mapSize = sizeOf(positions)
  const enlarged = new Float64Array(maps.shape[0]! * sizeOf(lengths))
  for (let i = 0; i < maps.shape[0]!; i++) {
    const map = Float64Array.from(maps.data.subarray(i * mapSize, (i + 1) * mapSize))
    enlarged.set(interpolate(map, positions, lengths, interpolation), i * sizeOf(lengths))
  }
  const example = layer.hasChannels ? (isFirst ? [1, ...lengths] : [...lengths, 1]) : lengths
  const meta = createMeta('GradCam', {
    mapLayer: site.layer,
    method,
    interpolation,
    internalBatchSize: batchSize.option,
    inputCount: 1,
    channels: [channels],
    backendName: options.deviceName(),
  })
  return createExplanation(meta, {
    attributions: [toAttribution(enlarged, withTargets(chosen, [read.exampleCount, ...example]))],
    attributionNames: [name],
    maps: toAttribution(
      Float64Array.from(maps.data),
      withTargets(chosen, [read.exampleCount, ...positions]),
    ),
    x,
    predictions,
    target: chosen.array,
    ...(chosen.sum && { targetSum: chosen.sum }),
  })
}

const signsOf = ({ signs }: Target, start: number, end: number): Int8Array =>
  signs.subarray(start, end)

/** The map of each example, [N, positions…] in float64. */
function mapExamples(
  { data: values, shape }: NdArray,
  { data: gradients }: NdArray,
  { channels }: MapLayer,
  method: ClassActivationMethod,
  signs: Int8Array,
): NdArray {
  const positions = channels === 'first' ? shape.slice(2) : shape.slice(1, -1)
  const channelCount = channels === 'first' ? shape[1]! : shape.at(-1)!
  const count = sizeOf(positions)
  const [positionStep, channelStep] = channels === 'first' ? [1, count] : [channelCount, 1]
  const exampleCount = shape[0]!
  const maps = new Float64Array(exampleCount * count)
  for (let i = 0; i < exampleCount; i++) {
    const sign = signs[i]!
    for (let c = 0; c < channelCount; c++) {
      const first = i * count * channelCount + c * channelStep
      let sum = 0
      for (let s = 0; s < count; s++) sum += gradients[first + s * positionStep]!
      const mean = (sign * sum) / count
      for (let s = 0; s < count; s++) {
        const at = first + s * positionStep
        const weight = method === 'grad_cam' ? mean : Math.max(0, sign * gradients[at]!)
        maps[i * count + s]! += weight * values[at]!
      }
    }
  }
  for (let k = 0; k < maps.length; k++) if (maps[k]! < 0) maps[k] = 0
  return { data: maps, shape: [exampleCount, ...positions] }
}
