/** The page whose data and model are used. */
export type DataSetName = 'mnist' | 'garments' | 'reviews' | 'cars' | 'photos'

/** What differs between the pages' models. */
export interface DataSet {
  readonly task: 'classification' | 'regression'
  readonly loss:
    'categoricalCrossentropy' | 'meanSquaredError' | 'sparseCategoricalCrossentropyFromLogits'
  /** The layer whose output is attributed. Default: the model's input. */
  readonly layer?: string
  /** Whether the page's folder contains the gradients of all training examples. */
  readonly hasStore?: boolean
  /** Whether the page's folder contains the curvature of the training loss, which influence takes. */
  readonly hasCurvature?: boolean
  /** The name that the worker has for the parameters that are compared. Default: all parameters. */
  readonly parameters?: string
  /** The number of path points per pass. Small, so that a long path can be cancelled quickly. */
  readonly pathBatch: number
  /**
   * The learning rate of the steps that are undone, for pages that say what would follow. It is so small
   * that the estimate of first order holds: see `npm run evaluate:unlearning`.
   */
  readonly undoneRate?: number
}

const small = {
  task: 'classification',
  loss: 'categoricalCrossentropy',
  hasCurvature: true,
  pathBatch: 25,
} as const

export const dataSets: Readonly<Record<DataSetName, DataSet>> = {
  mnist: { ...small, hasStore: true, undoneRate: 1e-3 },
  garments: { ...small, undoneRate: 1e-4 },
  reviews: { ...small, layer: 'words', undoneRate: 1e-2 },
  cars: { ...small, task: 'regression', loss: 'meanSquaredError', undoneRate: 3e-5 },
  photos: {
    task: 'classification',
    loss: 'sparseCategoricalCrossentropyFromLogits',
    // The output of the eleventh of sixteen blocks: 112 channels of 14 × 14 cells.
    layer: '/_blocks.10/Add_output_0',
    parameters: 'lastLayers',
    pathBatch: 4,
  },
}

/** The data sets whose models this repository trains. */
export type TrainedName = Exclude<DataSetName, 'photos'>
