import { NonFiniteError } from '../../../errors.js'
import { lookAtTheModel, type NdArray, sizeOf } from '../../../ndarray.js'
import { countExamples } from '../../reading/inputs.js'
import type { ModelCall } from '../../session/model-session.js'
import { takeIndices } from '../explained-score.js'
import type { Examples, Points, Sites } from '../sites.js'

/** Which point of which path. */
interface Place {
  readonly example: number
  readonly step: number
}

/** Points of paths that are computed together. */
export interface PathPass<Value> {
  readonly sites: Sites<Value>
  /** One per path. */
  readonly examples: Examples
  readonly outputIndices: Int32Array
  readonly points: Points
  readonly placeOf: (q: number) => Place
}

/** The weighted sums of one pass, one row for each. */
export async function sumsOf<Value>(
  call: ModelCall<Value>,
  pass: PathPass<Value>,
): Promise<readonly NdArray[]> {
  const { sites, examples, outputIndices, points } = pass
  const sums = await call.run(
    async (session) => await sites.pathGradients(session, examples, outputIndices, points),
  )
  if (sums === undefined) return sumsByHand(call, pass)
  for (const { data, shape } of sums) {
    const at = data.findIndex((value) => !Number.isFinite(value))
    if (at < 0) continue
    // Point by point, to say which it is.
    await sumsByHand(call, pass)
    const size = sizeOf(shape.slice(1))
    const rowOf = rowsOfPoints(points)
    const { example } = pass.placeOf(rowOf.indexOf(Math.floor(at / size)))
    throw new NonFiniteError(
      `the sum of the gradients along the path of example ${example}`,
      data[at]!,
      [example, at % size],
      lookAtTheModel,
    )
  }
  return sums
}

/** The same for a session that gives gradients alone. */
async function sumsByHand<Value>(
  call: ModelCall<Value>,
  { sites, examples, outputIndices, points, placeOf }: PathPass<Value>,
): Promise<readonly NdArray[]> {
  const { pathOf, weights, starts, ends, sumOf } = points
  const rowOf = rowsOfPoints(points)
  const values = ends.map((_, j) => pointsOf(points, j))
  const terms = outputIndices.length / countExamples(starts)
  const indices = takeIndices(outputIndices, terms, pathOf)
  const gradients = await call.run((session) =>
    sites.gradients(session, examples, pathOf, values, indices),
  )
  return gradients.map(({ data, shape }, j) => {
    const [{ data: start }, { data: end }] = [starts[j]!, ends[j]!]
    const size = sizeOf(shape.slice(1))
    const sumShape = [(rowOf.at(-1) ?? -1) + 1, ...shape.slice(1)]
    const sum = new Float64Array(sizeOf(sumShape))
    for (const [q, path] of pathOf.entries()) {
      for (let k = 0; k < size; k++) {
        const value = data[q * size + k] ?? NaN
        if (!Number.isFinite(value)) throw notFinite(placeOf(q), value, k)
        const way = sumOf === undefined ? 1 : end[path * size + k]! - start[path * size + k]!
        sum[rowOf[q]! * size + k]! += weights[q]! * way * value
      }
    }
    return { data: sum, shape: sumShape }
  })
}

const rowsOfPoints = ({ pathOf, sumOf }: Points): Int32Array =>
  sumOf === undefined ? pathOf : pathOf.map((path) => sumOf[path]!)

/** start + α (end − start) of each point, rounded once, to float32. */
function pointsOf({ starts, ends, pathOf, alphas }: Points, j: number): NdArray {
  const [{ data: start }, { data: end, shape }] = [starts[j]!, ends[j]!]
  const size = sizeOf(shape.slice(1))
  const data = new Float32Array(pathOf.length * size)
  for (const [q, path] of pathOf.entries()) {
    for (let k = 0; k < size; k++) {
      const from = start[path * size + k]!
      data[q * size + k] = from + alphas[q]! * (end[path * size + k]! - from)
    }
  }
  return { data, shape: [pathOf.length, ...shape.slice(1)] }
}

function notFinite({ example, step }: Place, value: number, k: number): NonFiniteError {
  return new NonFiniteError(
    `the gradient at step ${step} of the path of example ${example}`,
    value,
    [example, k],
    'Look at the weights, and at ops without a finite gradient there (sqrt or log at 0, say).',
  )
}
