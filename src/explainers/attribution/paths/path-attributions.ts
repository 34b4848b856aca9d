import { joinArrays } from '../../../join-arrays.js'
import { type NdArray, sizeOf, takeRows } from '../../../ndarray.js'
import { mapValues } from '../../reading/forward-arguments.js'
import { reportRound } from '../../session/progress.js'
import type { ModelCall } from '../../session/model-session.js'
import { explainedScore, takeIndices } from '../explained-score.js'
import { integratePath, type Path } from './path-integral.js'
import { quadrature, refined, type Refinement } from './quadrature.js'
import type { QuadratureMethod } from './quadrature-method.js'
import type { Target } from '../../reading/targets.js'

/** How finely paths are evaluated. */
export interface Accuracy {
  readonly method: QuadratureMethod
  readonly nSteps: number
  /** Steps are doubled while |delta| is above; null: never. */
  readonly tolerance: number | null
  readonly maxSteps: number
}

export interface PathsToAttribute<Value> extends Omit<Path<Value>, 'rule' | 'outputIndices'> {
  readonly target: Target
  readonly accuracy: Accuracy
  /** The model's whole outputs at the paths' ends and starts. */
  readonly atEnds: NdArray
  readonly atStarts: NdArray
}

/** Float64: attributions per array, and per example the delta and how many steps it took. */
export interface PathAttributions {
  readonly attributions: readonly Float64Array[]
  readonly deltas: Float64Array
  readonly steps: Int32Array
}

/** (x − b) ⊙ Σ_k w_k ∇F(b + α_k (x − b)), with as many steps as the accuracy asks of each example. */
async function attributePaths<Value>(
  call: ModelCall<Value>,
  { target, accuracy, atEnds, atStarts, ...path }: PathsToAttribute<Value>,
): Promise<PathAttributions> {
  const { examples, ends, starts, report } = path
  const { method, nSteps, tolerance, maxSteps } = accuracy
  const differences = differencesOf(atEnds, atStarts, target)
  const integrals = ends.map(({ data }) => new Float64Array(data.length))
  const steps = new Int32Array(differences.length)
  let rows = [...differences.keys()]
  let pointCount = 0
  let next: Refinement = { nSteps, kept: 0, rule: quadrature(method, nSteps) }
  for (;;) {
    const { rule, kept } = next
    const before = pointCount
    const take = (array: NdArray): NdArray => takeRows(array, rows)
    const sums = await integratePath(call, {
      ...path,
      examples: { x: examples.x.map(take), further: mapValues(examples.further, take) },
      ends: ends.map(take),
      starts: starts.map(take),
      outputIndices: takeIndices(target.indices, target.terms, rows),
      rule,
      report: ({ phase, done, total }) => {
        report({ phase, done: before + done, total: before + total })
      },
    })
    pointCount += rows.length * rule.alphas.length
    for (const [j, sum] of sums.entries()) addRows(integrals[j]!, sum, rows, kept)
    for (const i of rows) steps[i] = next.nSteps
    const attributions = ends.map((end, j) => alongPath(end, starts[j]!, integrals[j]!, target))
    const deltas = deltasOf(attributions, differences)
    rows = rows.filter((i) => tolerance !== null && Math.abs(deltas[i]!) > tolerance)
    if (rows.length === 0) return { attributions, deltas, steps }
    next = refined(method, next.nSteps)
    if (next.nSteps > maxSteps) return { attributions, deltas, steps }
  }
}

/** F(x) − F(b) of the explained outputs; the constant 1 of 1 − F falls out of it. */
function differencesOf(atEnds: NdArray, atStarts: NdArray, target: Target): number[] {
  return Array.from(
    target.signs,
    (sign, i) => sign * (explainedScore(atEnds, target, i) - explainedScore(atStarts, target, i)),
  )
}

/** Row r of `sum` belongs to row rows[r] of the whole. */
function addRows(
  whole: Float64Array,
  sum: Float64Array,
  rows: readonly number[],
  kept: number,
): void {
  const size = sum.length / rows.length
  for (const [r, i] of rows.entries()) {
    for (let k = 0; k < size; k++) {
      whole[i * size + k] = kept * whole[i * size + k]! + sum[r * size + k]!
    }
  }
}

function alongPath(
  end: NdArray,
  start: NdArray,
  integral: Float64Array,
  { signs }: Target,
): Float64Array {
  const size = sizeOf(end.shape.slice(1))
  return integral.map(
    (value, at) => signs[Math.floor(at / size)]! * (end.data[at]! - start.data[at]!) * value,
  )
}

function deltasOf(
  attributions: readonly Float64Array[],
  differences: readonly number[],
): Float64Array {
  return Float64Array.from(differences, (difference, i) => {
    let delta = -difference
    for (const values of attributions) {
      const size = values.length / differences.length
      for (let k = i * size; k < (i + 1) * size; k++) delta += values[k]!
    }
    return delta
  })
}

/** The same for several targets: the targets are the first axis of each array. */
export async function attributeTargets<Value>(
  call: ModelCall<Value>,
  targets: readonly Target[],
  paths: Omit<PathsToAttribute<Value>, 'target'>,
): Promise<PathAttributions> {
  const results: PathAttributions[] = []
  for (const [t, target] of targets.entries()) {
    const report = reportRound(paths.report, t, targets.length)
    results.push(await attributePaths(call, { ...paths, target, report }))
  }
  return {
    attributions: paths.ends.map((_, j) =>
      joinArrays(
        Float64Array,
        results.map((one) => one.attributions[j]!),
      ),
    ),
    deltas: joinArrays(
      Float64Array,
      results.map(({ deltas }) => deltas),
    ),
    steps: Int32Array.from(results.flatMap(({ steps }) => [...steps])),
  }
}

/** The mean attributions and deltas of paths from several baselines, and the most steps. */
export function meanOf(results: readonly PathAttributions[]): PathAttributions {
  const mean = (arrays: readonly Float64Array[]): Float64Array =>
    arrays[0]!.map((_, at) => arrays.reduce((sum, array) => sum + array[at]!, 0) / arrays.length)
  const [first] = results
  return {
    attributions: first!.attributions.map((_, j) =>
      mean(results.map(({ attributions }) => attributions[j]!)),
    ),
    deltas: mean(results.map(({ deltas }) => deltas)),
    steps: first!.steps.map((_, i) => Math.max(...results.map(({ steps }) => steps[i]!))),
  }
}
