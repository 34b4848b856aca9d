/** The page whose data and model are used. */
export type DataSetName = 'mnist' | 'garments' | 'reviews' | 'cars'

/** What differs between the pages' models. */
export interface DataSet {
  readonly task: 'classification' | 'regression'
  readonly loss: 'categoricalCrossentropy' | 'meanSquaredError'
  /** The layer whose output is attributed. Default: the model's input. */
  readonly layer?: string
  /** Whether the page's folder contains the gradients of all training examples. */
  readonly hasStore?: boolean
}

const images: DataSet = { task: 'classification', loss: 'categoricalCrossentropy' }

export const dataSets: Readonly<Record<DataSetName, DataSet>> = {
  mnist: { ...images, hasStore: true },
  garments: images,
  reviews: { ...images, layer: 'words' },
  cars: { task: 'regression', loss: 'meanSquaredError' },
}
