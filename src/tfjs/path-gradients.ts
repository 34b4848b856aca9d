import * as tf from '@tensorflow/tfjs'
import type { Tensor, Tensor2D } from '@tensorflow/tfjs'
import type { NdArray } from '../ndarray.js'
import { sizeOf } from '../ndarray.js'
import type { ForwardArguments, PathPoints } from '../predictor.js'
import { activationGradients } from './activations.js'
import type { DeviceModel } from './device-model.js'
import { tensorOf } from './device-model.js'
import { gradientsAtInputs } from './input-gradients.js'

/** Weighted sums of gradients along paths, per group of arrays: points and sums are made on the device. */
export async function pathGradients(
  device: DeviceModel,
  x: readonly NdArray[],
  outputIndices: Int32Array,
  forwardArguments: ForwardArguments,
  { sites, starts, ends, pathOf, alphas, weights }: PathPoints,
): Promise<NdArray[][]> {
  const runs = runsOf(pathOf)
  const sums = device.run(() => {
    const points = starts.map((group, k) =>
      group.map((start, j) => pointsOf(start, ends[k]![j]!, pathOf, alphas, runs)),
    )
    const rowOf = tf.tensor1d(pathOf, 'int32')
    const perPoint = (tensor: Tensor): Tensor => tf.gather(tensor, rowOf)
    const further = Object.fromEntries(
      Object.entries(device.furtherTensors(forwardArguments)).map(([name, all]) => [
        name,
        perPoint(all),
      ]),
    )
    const indices = Int32Array.from(pathOf, (path) => outputIndices[path] ?? 0)
    const gradients =
      sites === undefined
        ? [gradientsAtInputs(device, points.flat(), indices, further)]
        : activationGradients(
            device,
            device.inputTensors(x, forwardArguments).map(perPoint),
            indices,
            further,
            { sites, leaves: points },
          )
    return gradients.map((group) => group.map((gradient) => sumOf(gradient, pathOf, weights, runs)))
  })
  const data = await device.read(sums.flat())
  let next = 0
  return starts.map((group) => group.map(({ shape }) => ({ data: data[next++]!, shape })))
}

/** Some paths that follow one another, and their points. */
interface Run {
  readonly path: number
  readonly pathCount: number
  readonly point: number
  readonly pointCount: number
}

/**
 * Points and sums are products with a matrix of a column, or row, per path, nearly all of it zeros: of many paths one
 * product would be most of the work, while tf.gather takes 40 times as long on wasm (2 paths of 50 points of 784
 * numbers, Node 20, AMD EPYC, November 2026).
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

/** start + α (end − start), the difference in float64. */
function pointsOf(
  start: NdArray,
  end: NdArray,
  pathOf: Int32Array,
  alphas: Float64Array,
  runs: readonly Run[],
): Tensor {
  const { shape } = start
  const asRows = [shape[0] ?? 0, sizeOf(shape.slice(1))] as const
  const ways = Float32Array.from(end.data, (value, at) => value - (start.data[at] ?? NaN))
  const from = tensorOf({ ...start, shape: asRows }) as Tensor2D
  const way = tf.tensor2d(ways, [...asRows])
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
  return joined(parts).reshape([alphas.length, ...shape.slice(1)])
}

/** Σ weight · gradient of each path. */
function sumOf(
  gradient: Tensor,
  pathOf: Int32Array,
  weights: Float64Array,
  runs: readonly Run[],
): Tensor {
  const gradients = gradient.reshape<Tensor2D>([pathOf.length, gradient.size / pathOf.length])
  const parts = runs.map(({ path, pathCount, point, pointCount }) => {
    const factors = new Float32Array(pathCount * pointCount)
    for (let q = 0; q < pointCount; q++) {
      factors[(pathOf[point + q]! - path) * pointCount + q] = weights[point + q]!
    }
    const ofRun = rowsOf(gradients, point, pointCount)
    return tf.matMul<Tensor2D>(tf.tensor2d(factors, [pathCount, pointCount]), ofRun)
  })
  return joined(parts)
}

const rowsOf = (rows: Tensor2D, start: number, count: number): Tensor2D =>
  count === rows.shape[0] ? rows : rows.slice([start, 0], [count, -1])

const joined = ([first, ...others]: readonly Tensor2D[]): Tensor2D =>
  others.length === 0 ? first! : tf.concat([first!, ...others])
