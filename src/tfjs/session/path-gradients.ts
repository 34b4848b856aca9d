import * as tf from '@tensorflow/tfjs'
import type { Tensor, Tensor2D } from '@tensorflow/tfjs'
import { indicesOfPoints } from '../../adapters/path-indices.js'
import { type NdArray, sizeOf } from '../../ndarray.js'
import type { ForwardArguments, PathPoints } from '../../predictor.js'
import { computeActivationGradients } from './activations.js'
import { type DeviceModel, tensorOf } from './device-model.js'
import { computeGradientsAtInputs } from './input-gradients.js'

/** Returns weighted sums of gradients along paths. Points and sums are computed on the device. */
export async function computePathGradients(
  device: DeviceModel,
  x: readonly NdArray[],
  outputIndices: Int32Array,
  forwardArguments: ForwardArguments,
  { sites, starts, ends, pathOf, alphas, weights, sumOf }: PathPoints,
): Promise<NdArray[][]> {
  const runs = runsOf(pathOf)
  const rowOf = sumOf === undefined ? pathOf : pathOf.map((path) => sumOf[path]!)
  const rowRuns = sumOf === undefined ? runs : runsOf(rowOf)
  const sums = device.run(() => {
    const paths = starts.map((group, k) =>
      group.map((start, j) => createPathTensors(start, ends[k]![j]!)),
    )
    const points = paths.map((group) =>
      group.map((path) => computePoints(path, pathOf, alphas, runs)),
    )
    const gathered = tf.tensor1d(pathOf, 'int32')
    const perPoint = (tensor: Tensor): Tensor =>
      hasOnePointEach(tensor, pathOf) ? tensor : tf.gather(tensor, gathered)
    const further = Object.fromEntries(
      Object.entries(device.furtherTensors(forwardArguments)).map(([name, all]) => [
        name,
        perPoint(all),
      ]),
    )
    const indices = indicesOfPoints(outputIndices, pathOf)
    const gradients =
      sites === undefined
        ? [computeGradientsAtInputs(device, points.flat(), indices, further)]
        : computeActivationGradients(
            device,
            device.inputTensors(x, forwardArguments).map(perPoint),
            indices,
            further,
            {
              sites,
              leaves: points,
            },
          )
    return gradients.map((group, k) =>
      group.map((gradient, j) => {
        const rows = gradient.reshape<Tensor2D>([pathOf.length, gradient.size / pathOf.length])
        const terms = sumOf === undefined ? rows : rows.mul<Tensor2D>(perPoint(paths[k]![j]!.way))
        return computeTotals(terms, rowOf, weights, rowRuns)
      }),
    )
  })
  const data = await device.read(sums.flat())
  const exampleCount = (rowOf.at(-1) ?? -1) + 1
  let next = 0
  return starts.map((group) =>
    group.map(({ shape }) => ({ data: data[next++]!, shape: [exampleCount, ...shape.slice(1)] })),
  )
}

/** A run of consecutive paths or sums, with their points. */
interface Run {
  readonly path: number
  readonly pathCount: number
  readonly point: number
  readonly pointCount: number
}

/**
 * Points and sums are products with a matrix that has a column or row per path and is mostly zeros.
 * With many paths, one product would be most of the work. tf.gather takes 40 times as long on wasm
 * (2 paths of 50 points of 784 numbers, Node 20, AMD EPYC, November 2026).
 */
const pathsPerRun = 8

function runsOf(pathOf: Int32Array): Run[] {
  const pathCount = (pathOf.at(-1) ?? -1) + 1
  const runs: Run[] = []
  for (let path = 0; path < pathCount; path += pathsPerRun) {
    const point = pathOf.indexOf(path)
    const next = pathOf.indexOf(path + pathsPerRun, point)
    const end = next < 0 ? pathOf.length : next
    runs.push({
      path,
      pathCount: Math.min(pathsPerRun, pathCount - path),
      point,
      pointCount: end - point,
    })
  }
  return runs
}

/** The start and direction of each path, one per row. */
interface PathTensors {
  readonly from: Tensor2D
  readonly way: Tensor2D
  /** The shape of the activation without the batch axis. */
  readonly shape: readonly number[]
}

/** The difference is taken in float64. */
function createPathTensors(start: NdArray, end: NdArray): PathTensors {
  const shape = start.shape.slice(1)
  const asRows = [start.shape[0] ?? 0, sizeOf(shape)] as const
  const way = Float32Array.from(end.data, (value, at) => value - (start.data[at] ?? NaN))
  return {
    from: tensorOf({ ...start, shape: asRows }) as Tensor2D,
    way: tf.tensor2d(way, [...asRows]),
    shape,
  }
}

/** True if `pathOf`, which is ascending, is 0, 1, 2, … */
const hasOnePointEach = (paths: Tensor, pathOf: Int32Array): boolean =>
  paths.shape[0] === pathOf.length

/** start + α (end − start) */
function computePoints(
  { from, way, shape }: PathTensors,
  pathOf: Int32Array,
  alphas: Float64Array,
  runs: readonly Run[],
): Tensor {
  const pointShape = [alphas.length, ...shape]
  if (hasOnePointEach(from, pathOf)) {
    return from
      .add(way.mul(tf.tensor2d(Float32Array.from(alphas), [alphas.length, 1])))
      .reshape(pointShape)
  }
  const parts = runs.map(({ path, pathCount, point, pointCount }) => {
    const factors = new Float32Array(pointCount * 2 * pathCount)
    for (let q = 0; q < pointCount; q++) {
      const column = q * 2 * pathCount + pathOf[point + q]! - path
      factors[column] = 1
      factors[column + pathCount] = alphas[point + q]!
    }
    const both = [from, way].map((rows) => rowsOf(rows, path, pathCount))
    return tf.matMul<Tensor2D>(tf.tensor2d(factors, [pointCount, 2 * pathCount]), tf.concat(both))
  })
  return joinRows(parts).reshape(pointShape)
}

/** Σ weight · term, row by row. */
function computeTotals(
  terms: Tensor2D,
  rowOf: Int32Array,
  weights: Float64Array,
  runs: readonly Run[],
): Tensor {
  const parts = runs.map(({ path, pathCount, point, pointCount }) => {
    const factors = new Float32Array(pathCount * pointCount)
    for (let q = 0; q < pointCount; q++) {
      factors[(rowOf[point + q]! - path) * pointCount + q] = weights[point + q]!
    }
    const ofRun = rowsOf(terms, point, pointCount)
    return tf.matMul<Tensor2D>(tf.tensor2d(factors, [pathCount, pointCount]), ofRun)
  })
  return joinRows(parts)
}

const rowsOf = (rows: Tensor2D, start: number, count: number): Tensor2D =>
  count === rows.shape[0] ? rows : rows.slice([start, 0], [count, -1])

const joinRows = ([first, ...others]: readonly Tensor2D[]): Tensor2D =>
  others.length === 0 ? first! : tf.concat([first!, ...others])
