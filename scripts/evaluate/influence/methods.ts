import * as tf from '@tensorflow/tfjs'
import { GradientSimilarity, type NdArray } from '../../../src/index.js'
import { type Checkpoint, InfluenceFunctions, TracIn } from '../../../src/influence/index.js'
import { tfjsPredictor } from '../../../src/tfjs/index.js'
import type { RetrainedCase, SavedPoint } from './retrained-case.js'

const loss = 'sparseCategoricalCrossentropy'
const options = { device: 'wasm', precomputeGrads: true } as const

/** A trained network with some points of its training. */
export interface Trained {
  readonly net: tf.Sequential
  readonly points: readonly SavedPoint[]
}

export const labelsOf = (labels: Int32Array): NdArray => ({ data: labels, shape: [labels.length] })

/** Fits GradientSimilarity with the training examples. */
export async function fitSimilarity(
  { net }: Trained,
  { x }: RetrainedCase,
  labels: Int32Array,
): Promise<GradientSimilarity<tf.Tensor>> {
  const explainer = new GradientSimilarity(tfjsPredictor(net), loss, options)
  return explainer.fit(x, labelsOf(labels))
}

/** Fits InfluenceFunctions with EK-FAC and its default damping. */
export async function fitInfluence(
  { net }: Trained,
  { x }: RetrainedCase,
  labels: Int32Array,
): Promise<InfluenceFunctions<tf.Tensor>> {
  const explainer = new InfluenceFunctions(tfjsPredictor(net), loss, options)
  return explainer.fit(x, labelsOf(labels))
}

/** Runs a step with TracIn over the saved points. */
export async function withTracIn<Result>(
  { points }: Trained,
  given: RetrainedCase,
  labels: Int32Array,
  step: (explainer: TracIn<tf.Tensor>) => Promise<Result>,
): Promise<Result> {
  const nets = points.map(({ weights }) => {
    const net = given.createNet(0)
    net.setWeights(weights)
    return net
  })
  try {
    const checkpoints = nets.map((net, i): Checkpoint<tf.Tensor> => ({
      predictor: tfjsPredictor(net),
      learningRate: points[i]!.learningRate,
    }))
    using explainer = new TracIn(checkpoints, loss, { ...options, precomputeGrads: false })
    await explainer.fit(given.x, labelsOf(labels))
    return await step(explainer)
  } finally {
    for (const net of nets) net.dispose()
  }
}

export function disposeTrained({ net, points }: Trained): void {
  net.dispose()
  for (const { weights } of points) tf.dispose(weights)
}
