import * as tf from '@tensorflow/tfjs'
import { onTestFinished } from 'vitest'
import { fixtureBytes, fixtureJson } from '../stores/fixture-bytes.js'

/** Loads a GraphModel from a folder of tests/fixtures; it is disposed when the test ends. */
export async function savedGraph(folder: string): Promise<tf.GraphModel> {
  const { weightsManifest, ...topology } = (await fixtureJson(
    `${folder}/model.json`,
  )) as tf.io.ModelJSON
  const files = weightsManifest.flatMap(({ paths }) => paths)
  const parts = await Promise.all(files.map((file) => fixtureBytes(`${folder}/${file}`)))
  const model = await tf.loadGraphModel({
    load: () =>
      Promise.resolve({
        ...topology,
        weightSpecs: weightsManifest.flatMap(({ weights }) => weights),
        weightData: parts,
      }),
  })
  onTestFinished(() => {
    model.dispose()
  })
  return model
}
