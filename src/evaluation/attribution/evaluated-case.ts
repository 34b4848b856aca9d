import { NonFiniteError } from '../../errors.js'
import { type Baselines, copyBaselines } from '../../explainers/reading/baselines.js'
import {
  assertRowCounts,
  mapValues,
  readForwardArguments,
} from '../../explainers/reading/forward-arguments.js'
import { type Inputs, inputsBut, readInputs, rowsOf } from '../../explainers/reading/inputs.js'
import { readBaseline } from '../../explainers/reading/read-baseline.js'
import type { ModelCall } from '../../explainers/session/model-session.js'
import { createProgressReporter } from '../../explainers/session/progress.js'
import { readTarget, type Target } from '../../explainers/reading/targets.js'
import { type ArrayInput, toNdArray } from '../../array-input.js'
import { lookAtTheModel, type NdArray, rows, sizeOf, takeRows } from '../../ndarray.js'
import type { CallOptions } from '../../options.js'
import type { ForwardArguments, Predictor } from '../../predictor.js'
import { type Arrays, readArrays } from '../arrays.js'
import { type Features, divideIntoFeatures, sumOverFeatures } from './features.js'

/** Options of the measures of an AttributionEvaluator. */
export interface AttributionMeasureOptions<Item = never> extends CallOptions {
  /**
   * The explained output, in the explainer's form: an index, one per example, or a row of indices.
   */
  readonly target?: ArrayInput | null | undefined
  /**
   * The values of removed features: undefined for zeros, a number, or an array of the shape of x or
   * of one example. For several inputs, one of these per input. Or { items }, which the predictor
   * preprocesses.
   */
  readonly baselines?: Baselines<Item>
  /** Named arguments of the model's call, with the batch axis first. They are never removed. */
  readonly forwardKwargs?: Readonly<Record<string, ArrayInput>> | undefined
  /**
   * Makes all elements along the last axis one feature: a pixel's channels, a token's embedding.
   * Otherwise each element is a feature. If an input's spec has `channels: 'first'`, the first axis
   * after the examples is grouped instead. Default: true for images (three axes per example),
   * false for other ranks.
   */
  readonly groupLastAxis?: boolean | undefined
}

/** The arguments of a measure after reading: examples, attributions, baselines, target. */
export interface EvaluatedCase<Value> {
  readonly call: ModelCall<Value>
  readonly exampleCount: number
  readonly x: readonly NdArray[]
  readonly baselines: readonly NdArray[]
  readonly features: Features
  /** [N, features] f64. */
  readonly attributions: Float64Array
  readonly further: ForwardArguments
  readonly target: Target
  readonly batchSize: number
  readonly onProgress: CallOptions['onProgress']
}

export async function readCase<Value>(
  call: ModelCall<Value>,
  predictor: Predictor<Value>,
  x: Inputs<unknown>,
  attributions: Arrays,
  options: AttributionMeasureOptions<unknown>,
  batchSize: number,
): Promise<EvaluatedCase<Value>> {
  const { target, baselines, forwardKwargs = {}, groupLastAxis, onProgress } = options
  const specs = inputsBut('forwardKwargs', predictor, forwardKwargs)
  // All arrays are copied before the first await, so the page may change its own ones afterwards.
  const [read, further, chosen, given, copied] = await Promise.all([
    readInputs('x', x, specs, predictor),
    readForwardArguments('forwardKwargs', forwardKwargs, predictor.inputs),
    target == null ? undefined : toNdArray('target', target),
    readArrays('attributions', attributions),
    copyBaselines(baselines, specs, predictor),
  ])
  const exampleCount = read.exampleCount
  assertRowCounts('forwardKwargs', further, exampleCount)
  const inputs = await read.arrays(call, batchSize)
  const begins = await copied(call, batchSize)
  const starts = await Promise.all(
    inputs.map((array, j) => {
      const name = inputs.length === 1 ? 'baselines' : `baselines[${j}]`
      return readBaseline(name, begins[j], array)
    }),
  )
  const features = divideIntoFeatures(inputs, groupLastAxis, specs)
  const importances = sumOverFeatures(given, inputs, features)
  // Not every predictor knows the shape of its output before the first call.
  const one = await call.run((session) =>
    session.predict(
      rowsOf(inputs, 0, 1),
      mapValues(further, (array) => rows(array, 0, 1)),
    ),
  )
  const outputShape = [exampleCount, ...one.shape.slice(1)]
  const chosenOutput = await readTarget(chosen, outputShape, predictor.output)
  return {
    call,
    exampleCount,
    x: inputs,
    baselines: starts,
    features,
    attributions: importances,
    further,
    target: chosenOutput.target,
    batchSize,
    onProgress,
  }
}

/**
 * Returns F at `stepCount` perturbations of every example, [stepCount · N], step by step. Perturbed
 * inputs are created pass by pass, so memory doesn't grow with their number.
 *
 * @param write writes an example's inputs at a step to `point`; called in ascending order of steps
 * @throws NonFiniteError if F is not finite at one of them
 */
export async function scorePerturbed<Value>(
  measure: string,
  evaluated: EvaluatedCase<Value>,
  stepCount: number,
  write: (step: number, example: number, point: readonly Float32Array[]) => void,
): Promise<Float64Array> {
  const { call, exampleCount, x, further, target, batchSize, onProgress } = evaluated
  const report = createProgressReporter(measure, false, onProgress)
  const weightsVersion = await call.weightsVersion()
  const pointCount = stepCount * exampleCount
  const scores = new Float64Array(pointCount)
  for (let first = 0; first < pointCount; first += batchSize) {
    const end = Math.min(first + batchSize, pointCount)
    const examples = Int32Array.from({ length: end - first }, (_, q) => (first + q) % exampleCount)
    const points = x.map(({ shape }) => createPoints(examples.length, shape))
    for (const [q, example] of examples.entries()) {
      const step = Math.floor((first + q) / exampleCount)
      const point = points.map(({ data, size }) => data.subarray(q * size, (q + 1) * size))
      write(step, example, point)
    }
    const furtherRows = mapValues(further, (array) => takeRows(array, examples))
    const output = await call.run((session) => session.predict(points, furtherRows))
    const outputSize = sizeOf(output.shape.slice(1))
    for (const [q, example] of examples.entries()) {
      const value = output.data[q * outputSize + target.indices[example]!]!
      const score = target.signs[example] === -1 ? 1 - value : value
      if (!Number.isFinite(score)) {
        const step = Math.floor((first + q) / exampleCount)
        throw new NonFiniteError(
          `the model's output for example ${example} at perturbation ${step}`,
          score,
          [example, target.indices[example]!],
          lookAtTheModel,
        )
      }
      scores[first + q] = score
    }
    await call.pause()
    report({ phase: 'evaluate', done: end, total: pointCount })
  }
  await call.assertWeights(weightsVersion)
  return scores
}

function createPoints(
  count: number,
  shape: readonly number[],
): NdArray & { data: Float32Array; size: number } {
  const size = sizeOf(shape.slice(1))
  return { data: new Float32Array(count * size), shape: [count, ...shape.slice(1)], size }
}
