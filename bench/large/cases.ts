import * as tf from '@tensorflow/tfjs'
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { LossName, NdArray } from 'gradlens'
import { createMeasuredModel } from '../models/measured-models.js'

/** A model of real size and its data, written to files for all participants. */
export interface LargeCase {
  readonly name: string
  readonly title: string
  readonly kind: 'layers' | 'graph'
  readonly parameterCount: number
  readonly exampleCount: number
  readonly loss: LossName
  /** The layer of integrated gradients. Undefined: the inputs. */
  readonly layer: string | undefined
  /** The explained output. */
  readonly target: number
  /** The inputs in the order of the model's, without the axis of the examples. */
  readonly inputs: readonly {
    readonly name: string
    readonly dtype: 'float32' | 'int32'
    readonly shape: readonly number[]
  }[]
}

/** Default numbers of training examples. Their dense gradients fit into a peer's memory. */
const exampleCounts: Readonly<Record<string, number>> = {
  mobilenetv2: 8,
  resnet50: 4,
  distilbert: 4,
  newsgroups: 500,
}

export const largeCaseNames: readonly string[] = Object.keys(exampleCounts)

const target = 1

/**
 * Writes a model as `model.json` and `weights.bin`, its examples and labels as files of numbers. The last
 * example is the explained one.
 */
export async function writeLargeCase(
  name: string,
  folder: string,
  { rows, size }: { readonly rows: number | undefined; readonly size: number },
): Promise<LargeCase> {
  const exampleCount = rows ?? exampleCounts[name]!
  const { title, model, examples, classCount, loss, layer } = await createMeasuredModel[name]!(size)
  const arrays: readonly NdArray[] = [examples(exampleCount + 1)].flat()
  const description: LargeCase = {
    ...{ name, title, exampleCount, loss, layer, target },
    kind: model instanceof tf.GraphModel ? 'graph' : 'layers',
    parameterCount: countParameters(model),
    inputs: arrays.map(({ data, shape }, at) => ({
      name: model.inputs[at]!.name,
      dtype: data instanceof Int32Array ? 'int32' : 'float32',
      shape: shape.slice(1),
    })),
  }
  mkdirSync(folder, { recursive: true })
  writeFileSync(path.join(folder, 'case.json'), JSON.stringify(description))
  for (const [at, { data }] of arrays.entries())
    writeFileSync(path.join(folder, `x-${at}.bin`), data)
  const labels = Int32Array.from({ length: exampleCount + 1 }, (_, k) => (k * 7) % classCount)
  writeFileSync(path.join(folder, 'y.bin'), labels)
  await model.save({ save: (artifacts) => saveModel(folder, artifacts) })
  model.dispose()
  return description
}

function saveModel(folder: string, artifacts: tf.io.ModelArtifacts): Promise<tf.io.SaveResult> {
  const { modelTopology, weightSpecs: weights = [], weightData, signature } = artifacts
  const manifest = [{ paths: ['weights.bin'], weights }]
  const json = { modelTopology, ...(signature && { signature }), weightsManifest: manifest }
  writeFileSync(path.join(folder, 'model.json'), JSON.stringify(json))
  writeFileSync(
    path.join(folder, 'weights.bin'),
    new Uint8Array(tf.io.CompositeArrayBuffer.join(weightData)),
  )
  return Promise.resolve({
    modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: 'JSON' },
  })
}

function countParameters(model: tf.LayersModel | tf.GraphModel): number {
  if (model instanceof tf.LayersModel) return model.countParams()
  return Object.values(model.weights).reduce((sum, [tensor]) => {
    return sum + (tensor!.dtype === 'float32' && tensor!.rank > 0 ? tensor!.size : 0)
  }, 0)
}
