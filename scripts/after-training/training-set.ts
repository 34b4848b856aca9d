import * as tf from '@tensorflow/tfjs'
import { encodeCars, milesPerGallon, type CarRow, type CarTable } from '../../demo/data/cars.js'
import { imageInput } from '../../demo/data/images.js'
import { Vocabulary, reviewLength } from '../../demo/data/review-tokens.js'
import { dataSets, type TrainedName } from '../../demo/explaining/data-sets.js'
import { encodeOneHot } from '../../demo/explaining/label-arrays.js'
import type { LossName, NdArray } from '../../src/index.js'
import { tfjsPredictor } from '../../src/tfjs/index.js'
import { DataFolder } from '../data/data-folder.js'
import { TRAINING_COUNT, type Sentence } from '../data/reviews-sentences.js'
import { readModel } from '../train/model.js'
import { encodeAll } from '../train/reviews/loop.js'

/** Examples as a page encodes them, with their labels. */
export interface Examples {
  readonly x: NdArray
  readonly y: NdArray
}

/** The model of a page, with the training examples that the page ranks. */
export interface TrainingSet extends Examples {
  readonly folder: DataFolder
  readonly predictor: ReturnType<typeof tfjsPredictor>
  readonly loss: LossName
  /** The held-out examples. */
  readonly heldOut: Examples
}

/** Reads the model of a page and its examples. */
export async function readTrainingSet(name: TrainedName): Promise<TrainingSet> {
  const folder = new DataFolder(name)
  const predictor = tfjsPredictor(await readModel(folder))
  const [training, heldOut] = readExamples(name, folder)
  return { folder, predictor, loss: dataSets[name].loss, ...training, heldOut }
}

function readExamples(
  name: TrainedName,
  folder: DataFolder,
): readonly [training: Examples, heldOut: Examples] {
  if (name === 'cars') {
    const table = folder.readJson('cars.json') as CarTable
    const encode = (rows: readonly CarRow[]): Examples => {
      const data = encodeCars(rows, table)
      return {
        x: { data, shape: [rows.length, data.length / rows.length] },
        y: { data: Float32Array.from(rows, milesPerGallon), shape: [rows.length, 1] },
      }
    }
    return [encode(table.training), encode(table.heldOut)]
  }
  if (name === 'reviews') {
    const sentences = folder.readJson('sentences.json') as Sentence[]
    const vocabulary = new Vocabulary(folder.readJson('vocabulary.json') as string[])
    const encode = (some: readonly Sentence[]): Examples => {
      const { ids, labels } = encodeAll(some, vocabulary)
      return { x: { data: ids, shape: [labels.length, reviewLength] }, y: encodeOneHot(labels, 2) }
    }
    return [encode(sentences.slice(0, TRAINING_COUNT)), encode(sentences.slice(TRAINING_COUNT))]
  }
  const encode = (set: 'references' | 'held-out'): Examples => {
    const { images, labels } = folder.readImages(set)
    return { x: imageInput(images), y: encodeOneHot(labels, 10) }
  }
  return [encode('references'), encode('held-out')]
}

/** Computes on TensorFlow.js's wasm backend. */
export const useWasm = (): Promise<boolean> => tf.setBackend('wasm')
