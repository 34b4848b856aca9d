import { gradientCases } from './cases/gradient-cases.js'
import { layerCases } from './cases/layer-cases.js'
import { pathCases } from './cases/path-cases.js'
import { predictionCases } from './cases/prediction-cases.js'
import { sessionCases } from './cases/session-cases.js'
import {
  createAttentionModel,
  createConvolutionModel,
  createDenseModel,
  createLookupModel,
  createSequenceModel,
} from './test-model.js'
import type { AdapterCase, TestedAdapter } from './tested-adapter.js'

export type { TestActivation, TestInput, TestLayer, TestModel, TestWeight } from './test-model.js'
export type {
  AdapterCase,
  TestedAdapter,
  TestedParameter,
  TestedPredictor,
} from './tested-adapter.js'

/**
 * Returns the cases that an adapter must pass: what `Predictor` and `PredictorSession` promise, against references in
 * float64. They use no test runner: run each case as a test of its own.
 *
 * @example
 * import { adapterCases } from 'gradlens/testing'
 * import { it } from 'vitest'
 *
 * for (const { title, run } of adapterCases(adapter)) it(title, run)
 */
export function adapterCases<Value>(adapter: TestedAdapter<Value>): AdapterCase[] {
  const models = [
    createDenseModel(1, [[3]], ['tanh', 'softmax']),
    createDenseModel(2, [[2, 3], [4]], ['relu', 'softmax']),
    createDenseModel(3, [[3]], ['sigmoid', 'softmax']),
    createConvolutionModel(),
    createLookupModel(),
    createAttentionModel('batchFirst'),
    createAttentionModel('timeMajor'),
    ...(adapter.hasPositions === false ? [] : [createSequenceModel()]),
  ].filter(({ layers }) => layers.every(({ kind }) => adapter.layerKinds?.includes(kind) ?? true))
  return [
    ...predictionCases(adapter, models),
    ...gradientCases(adapter, models),
    ...layerCases(adapter),
    ...pathCases(adapter),
    ...sessionCases(adapter),
  ]
}
