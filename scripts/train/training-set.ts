import * as tf from '@tensorflow/tfjs'
import { encodeCars, milesPerGallon, type CarTable } from '../../demo/data/cars.js'
import { imageInput } from '../../demo/data/images.js'
import { Vocabulary, reviewLength } from '../../demo/data/review-tokens.js'
import { dataSets, type DataSetName } from '../../demo/explaining/data-sets.js'
import { encodeOneHot } from '../../demo/explaining/label-arrays.js'
import type { LossName, NdArray } from '../../src/index.js'
import { tfjsPredictor } from '../../src/tfjs/index.js'
import { DataFolder } from '../data/data-folder.js'
import { TRAINING_COUNT, type Sentence } from '../data/reviews-sentences.js'
import { readModel } from './model.js'
import { encodeAll } from './reviews-loop.js'

/** The model of a page, with the training examples that the page ranks. */
export interface TrainingSet {
  readonly folder: DataFolder
  readonly predictor: ReturnType<typeof tfjsPredictor>
  readonly loss: LossName
  readonly x: NdArray
  readonly y: NdArray
}

/** Reads the model of a page and its training examples, as the page encodes them. */
export async function readTrainingSet(name: DataSetName): Promise<TrainingSet> {
  const folder = new DataFolder(name)
  const predictor = tfjsPredictor(await readModel(folder))
  return { folder, predictor, loss: dataSets[name].loss, ...readExamples(name, folder) }
}

function readExamples(name: DataSetName, folder: DataFolder): { x: NdArray; y: NdArray } {
  if (name === 'cars') {
    const table = folder.readJson('cars.json') as CarTable
    const count = table.training.length
    const data = encodeCars(table.training, table)
    return {
      x: { data, shape: [count, data.length / count] },
      y: { data: Float32Array.from(table.training, milesPerGallon), shape: [count, 1] },
    }
  }
  if (name === 'reviews') {
    const sentences = folder.readJson('sentences.json') as Sentence[]
    const vocabulary = new Vocabulary(folder.readJson('vocabulary.json') as string[])
    const { ids, labels } = encodeAll(sentences.slice(0, TRAINING_COUNT), vocabulary)
    return {
      x: { data: ids, shape: [labels.length, reviewLength] },
      y: encodeOneHot(labels, 2),
    }
  }
  const { images, labels } = folder.readImages('references')
  return { x: imageInput(images), y: encodeOneHot(labels, 10) }
}

/** Computes on TensorFlow.js's wasm backend. */
export const useWasm = (): Promise<boolean> => tf.setBackend('wasm')
