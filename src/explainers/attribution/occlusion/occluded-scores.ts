import { InvalidArgumentError } from '../../../errors.js'
import { createExplanation, type Explanation } from '../../../explanation.js'
import { joinArrays } from '../../../join-arrays.js'
import { assertFinite, lookAtTheModel, type NdArray, sizeOf, takeRows } from '../../../ndarray.js'
import type { CallOptions, Device } from '../../../options.js'
import type { ArraySpec } from '../../../predictor.js'
import type { OcclusionData, OcclusionOptions } from './occlusion-options.js'
import type { CopiedBaselines } from '../../reading/baselines.js'
import { readBaseline } from '../../reading/read-baseline.js'
import { mapValues } from '../../reading/forward-arguments.js'
import type { Target } from '../../reading/targets.js'
import type { AttributionRequest } from '../../reading/attribution-request.js'
import type { BatchSize } from '../../session/batch-size.js'
import { runInBatches } from '../../session/batches.js'
import { createMeta, listChannels } from '../../session/explanation-meta.js'
import type { ModelCall } from '../../session/model-session.js'
import { createProgressReporter } from '../../session/progress.js'
import { predictTarget, toAttribution, withTargets } from '../attribution-call.js'
import { explainedScore } from '../explained-score.js'
import { memoryRemedy } from '../sites.js'
import { countWindows, offsetsIn, readWindows, type Windows } from './windows.js'

export interface OccludeOptions extends Pick<
  OcclusionOptions,
  'windowShape' | 'strides' | 'verbose'
> {
  readonly batchSize: BatchSize
  readonly onProgress: CallOptions['onProgress']
  readonly deviceName: () => Device | null
}

/** An example with one window of one input hidden. */
interface Point {
  readonly example: number
  readonly input: number
  readonly window: number
}

/** Explains examples by hiding windows; see Occlusion. */
export async function explainByOcclusion<Value>(
  call: ModelCall<Value>,
  { read, further, target: given }: AttributionRequest,
  specs: readonly ArraySpec[],
  readBaselines: CopiedBaselines,
  options: OccludeOptions,
): Promise<Explanation<OcclusionData>> {
  const { batchSize, verbose = false, onProgress } = options
  const report = createProgressReporter('Occlusion', verbose, onProgress)
  const x = await read.arrays(call, batchSize.most)
  const examples = { x, further }
  const windows = readWindows(
    options.windowShape,
    options.strides,
    x.map(({ shape }) => shape.slice(1)),
    specs,
  )
  const baselines = await readHidingValues(await readBaselines(call, batchSize.most), x, specs)
  const weightsVersion = await call.weightsVersion()
  const { predictions, chosen } = await predictTarget(call, examples, batchSize, () => given)

  const points = await listPoints(call, windows, x, baselines)
  const { exampleCount } = read
  /** Per target and input, the sums of the falls over windows. */
  const sums = chosen.targets.map(() =>
    windows.map(({ resultShape }) => new Float64Array(exampleCount * sizeOf(resultShape))),
  )
  const predict = (start: number, end: number): Promise<NdArray> => {
    const own = points.slice(start, end)
    const rowOf = Int32Array.from(own, ({ example }) => example)
    const hidden = x.map((array) => takeRows(array, rowOf))
    for (const [q, { example, input, window }] of own.entries()) {
      hideWindow(hidden[input]!, q, windows[input]!, window, baselines[input]!, example)
    }
    const arguments_ = mapValues(further, (array) => takeRows(array, rowOf))
    return call.run((session) => session.predict(hidden, arguments_))
  }
  const size = await batchSize.resolve(call, () => examples)
  const concurrency = await call.concurrency()
  const batches = runInBatches(points.length, size, predict, { remedy: memoryRemedy, concurrency })
  for await (const { result, start, end } of batches) {
    assertFinite('the predictions with hidden windows', result, lookAtTheModel)
    for (const [q, { example, input, window }] of points.slice(start, end).entries()) {
      const { resultShape } = windows[input]!
      const first = example * sizeOf(resultShape)
      const offsets = offsetsIn(windows[input]!, window, resultShape)
      for (const [t, target] of chosen.targets.entries()) {
        const fall = fallOf(predictions, result, target, example, q)
        for (const offset of offsets) sums[t]![input]![first + offset]! += fall
      }
    }
    await call.pause()
    report({ phase: 'explain', done: end, total: points.length })
  }
  await call.assertWeights(weightsVersion)

  for (const [j, one] of windows.entries()) {
    const counts = countCoverage(one)
    for (const perInput of sums) divideBy(perInput[j]!, counts)
  }
  const meta = createMeta('Occlusion', {
    windowShape: windows.map(({ lengths }) => lengths),
    strides: windows.map(({ strides }) => strides),
    internalBatchSize: batchSize.option,
    inputCount: specs.length,
    channels: listChannels(specs),
    backendName: options.deviceName(),
  })
  return createExplanation(meta, {
    attributions: windows.map(({ resultShape }, j) =>
      toAttribution(
        joinArrays(
          Float64Array,
          sums.map((perInput) => perInput[j]!),
        ),
        withTargets(chosen, [exampleCount, ...resultShape]),
      ),
    ),
    attributionNames: specs.map(({ name }) => name),
    x: x.length === 1 ? x[0]! : x,
    predictions,
    target: chosen.array,
    ...(chosen.sum && { targetSum: chosen.sum }),
  })
}

/** What hides each input, in the shape of x. */
function readHidingValues(
  baselines: readonly (NdArray | null)[],
  x: readonly NdArray[],
  specs: readonly ArraySpec[],
): Promise<NdArray[]> {
  return Promise.all(
    x.map(async (array, j) => {
      const argument = specs.length === 1 ? 'baselines' : `baselines[${j}]`
      const values = await readBaseline(argument, baselines[j], array)
      if (specs[j]!.dtype === 'float32') return values
      const fraction = values.data.find((value) => !Number.isInteger(value))
      if (fraction === undefined) return values
      throw new InvalidArgumentError(
        argument,
        String(fraction),
        `whole numbers, for the input '${specs[j]!.name}' of integers`,
      )
    }),
  )
}

/** All windows of all examples, without those that have the hiding values already: their fall is 0. */
async function listPoints<Value>(
  call: ModelCall<Value>,
  windows: readonly Windows[],
  x: readonly NdArray[],
  baselines: readonly NdArray[],
): Promise<Point[]> {
  const points: Point[] = []
  for (const [input, own] of windows.entries()) {
    const { data: values, shape } = x[input]!
    const { data: hiding } = baselines[input]!
    const size = sizeOf(own.shape)
    for (let window = 0; window < countWindows(own); window++) {
      const offsets = offsetsIn(own, window, own.shape)
      for (let example = 0; example < shape[0]!; example++) {
        const first = example * size
        const changes = offsets.some((offset) => values[first + offset] !== hiding[first + offset])
        if (changes) points.push({ example, input, window })
      }
      await call.pause()
    }
  }
  return points
}

function hideWindow(
  { data }: NdArray,
  row: number,
  windows: Windows,
  window: number,
  { data: hiding }: NdArray,
  example: number,
): void {
  const size = sizeOf(windows.shape)
  for (const offset of offsetsIn(windows, window, windows.shape)) {
    data[row * size + offset] = hiding[example * size + offset]!
  }
}

/** By how much the explained output falls. */
const fallOf = (
  predictions: NdArray,
  hidden: NdArray,
  target: Target,
  example: number,
  row: number,
): number =>
  target.signs[example]! *
  (explainedScore(predictions, target, example) - explainedScore(hidden, target, example, row))

/** How many windows each element is in. */
function countCoverage(windows: Windows): Float64Array {
  const counts = new Float64Array(sizeOf(windows.resultShape))
  for (let window = 0; window < countWindows(windows); window++) {
    for (const offset of offsetsIn(windows, window, windows.resultShape)) counts[offset]! += 1
  }
  return counts
}

function divideBy(sums: Float64Array, counts: Float64Array): void {
  for (let k = 0; k < sums.length; k++) sums[k]! /= counts[k % counts.length]!
}
