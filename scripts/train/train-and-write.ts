import * as tf from '@tensorflow/tfjs'
import { DataFolder } from '../data/data-folder.js'
import type { LabelledImages } from '../data/images.js'
import { measureAccuracy, type Accuracy } from './accuracy.js'
import { trainNet, type Recipe } from './loop.js'
import { readModel, writeModel, type WeightDtype } from './model.js'

export interface TrainedModel {
  readonly recipe: Recipe
  /** How the held-out images were used, which limits what their accuracy means. */
  readonly heldOutUse: string
  /** How the weights are stored. Default: 'float32'. */
  readonly dtype?: WeightDtype
}

export interface ImageSets {
  readonly training: LabelledImages
  readonly heldOut: LabelledImages
  readonly references: LabelledImages
}

/** Trains the net, and writes model.json, weights.bin and training.json to a folder of public/. */
export async function trainAndWrite(
  name: string,
  net: tf.Sequential,
  { recipe, heldOutUse, dtype = 'float32' }: TrainedModel,
  { training, heldOut, references }: ImageSets,
): Promise<void> {
  const folder = new DataFolder(name)
  const startedAt = performance.now()
  trainNet(net, training, recipe)
  const wallTimeSeconds = Math.round((performance.now() - startedAt) / 1000)

  await writeModel(folder, net, dtype)
  const model = await readModel(folder)
  // The model is measured as it is stored.
  const measured = measureAccuracy(model, heldOut)
  if (dtype === 'float32') assertSame(measured, measureAccuracy(net, heldOut))
  const { count, correct, accuracy, loss } = measureAccuracy(model, training)
  await folder.writeJson('training.json', {
    heldOut: measured,
    training: { count, correct, accuracy, loss },
    references: measureAccuracy(model, references),
    heldOutUse,
    parameterCount: model.countParams(),
    weights: dtype,
    recipe,
    tfjs: tf.version.tfjs,
    backend: tf.getBackend(),
    trainedAt: new Date().toISOString(),
    wallTimeSeconds,
    command: `npm run train:${name}`,
  })
  console.log(`held-out accuracy ${measured.accuracy}, ${wallTimeSeconds} s`)
}

function assertSame(saved: Accuracy, trained: Accuracy): void {
  if (saved.correct !== trained.correct || saved.loss !== trained.loss) {
    throw new Error(
      `The saved files give ${JSON.stringify(saved)}, the trained model ${JSON.stringify(trained)}`,
    )
  }
}
