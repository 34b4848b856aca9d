import type { NdArray } from 'gradlens'
import { averageCar, encodeCars, milesPerGallon, type CarTable } from '../data/cars.js'
import { fetchJson } from '../data/fetch.js'
import { imageInput, loadImages } from '../data/images.js'
import { loadReviews } from '../data/reviews.js'
import { encodeOneHot } from './label-arrays.js'
import type { DataSetName } from './protocol.js'

/** The training examples to rank, as inputs of the model. */
export interface References {
  readonly x: NdArray
  readonly y: NdArray
}

/** What differs between pages: the training examples, the loss, and how the model is attributed. */
export interface DataSet {
  readonly task: 'classification' | 'regression'
  readonly loss: 'categoricalCrossentropy' | 'meanSquaredError'
  /** The layer whose output is attributed. Default: the model's input. */
  readonly layer?: string
  /** Loads the baseline of integrated gradients. Default: zero. */
  readonly loadBaseline?: (folder: string) => Promise<NdArray>
  readonly loadReferences: (folder: string) => Promise<References>
  /**
   * Whether the folder contains the gradients of all training examples: gradients.json and its
   * store.
   */
  readonly hasStore?: boolean
}

const images: DataSet = {
  task: 'classification',
  loss: 'categoricalCrossentropy',
  async loadReferences(folder) {
    const { images: pixels, labels, classNames } = await loadImages(folder, 'references')
    return { x: imageInput(pixels), y: encodeOneHot(labels, classNames.length) }
  },
}

const cars: DataSet = {
  task: 'regression',
  loss: 'meanSquaredError',
  async loadBaseline(folder) {
    const average = averageCar(await loadCars(folder))
    return { data: average, shape: [1, average.length] }
  },
  async loadReferences(folder) {
    const table = await loadCars(folder)
    const data = encodeCars(table.training, table)
    const count = table.training.length
    return {
      x: { data, shape: [count, data.length / count] },
      y: { data: Float32Array.from(table.training, milesPerGallon), shape: [count, 1] },
    }
  },
}

const reviews: DataSet = {
  task: 'classification',
  loss: 'categoricalCrossentropy',
  layer: 'words',
  async loadReferences(folder) {
    const { training, encode, classNames } = await loadReviews(folder)
    return {
      x: encode(training.map(({ text }) => text)),
      y: encodeOneHot(
        training.map(({ label }) => label),
        classNames.length,
      ),
    }
  },
}

export const dataSets: Readonly<Record<DataSetName, DataSet>> = {
  mnist: { ...images, hasStore: true },
  garments: images,
  reviews,
  cars,
}

function loadCars(folder: string): Promise<CarTable> {
  return fetchJson<CarTable>(new URL('cars.json', folder))
}
