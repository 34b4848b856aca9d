/**
 * Trains the model of the demo's cars with TensorFlow.js only, on its cpu backend in Node
 * (seconds). Writes model.json, weights.bin and training.json to public/cars/:
 *
 *     npm run train:cars
 */
import * as tf from '@tensorflow/tfjs'
import { encodeCars, milesPerGallon, type CarRow, type CarTable } from '../../demo/data/cars.js'
import { DataFolder } from '../data/data-folder.js'
import { seededRandom, shuffledIndices } from '../data/random.js'
import { readModel, writeModel } from './model.js'
import { CosineAdam } from './optimizer.js'

/** The first recipe that was tried. The held-out cars are measured at the end. */
const recipe = {
  optimizer: 'Adam',
  loss: 'mean squared error of the standardised label, and the weights’ squared length × weightDecay',
  epochs: 150,
  batchSize: 16,
  learningRate: 0.005,
  learningRateSchedule: 'half a cosine, to 0 at the last step',
  weightDecay: 0.001,
  initializerSeed: 1,
  batchSeed: 1,
} as const

function createNet(inputCount: number, seed: number): tf.Sequential {
  const initializer = (layer: number): ReturnType<typeof tf.initializers.glorotUniform> =>
    tf.initializers.glorotUniform({ seed: seed + layer })
  return tf.sequential({
    name: 'cars',
    layers: [
      tf.layers.dense({
        name: 'dense_1',
        inputShape: [inputCount],
        units: 32,
        activation: 'relu',
        kernelInitializer: initializer(1),
      }),
      tf.layers.dense({
        name: 'dense_2',
        units: 16,
        activation: 'relu',
        kernelInitializer: initializer(2),
      }),
      tf.layers.dense({ name: 'dense_3', units: 1, kernelInitializer: initializer(3) }),
    ],
  })
}

/** Trains on the standardised label. */
function trainNet(net: tf.Sequential, x: tf.Tensor2D, y: tf.Tensor2D): void {
  const [count] = x.shape
  const random = seededRandom(recipe.batchSeed)
  const stepsPerEpoch = Math.ceil(count / recipe.batchSize)
  const optimizer = new CosineAdam(recipe.learningRate, recipe.epochs * stepsPerEpoch)
  const weights = net.trainableWeights.map((weight) => weight.read())
  for (let epoch = 0; epoch < recipe.epochs; epoch++) {
    const order = shuffledIndices(count, random)
    for (let start = 0; start < count; start += recipe.batchSize) {
      const rows = Array.from(order.subarray(start, start + recipe.batchSize))
      optimizer.advance()
      tf.tidy(() => {
        optimizer.minimize(() => {
          const predicted = net.apply(x.gather(rows)) as tf.Tensor
          const error = predicted.sub(y.gather(rows)).square().mean()
          const decay = tf.addN(weights.map((weight) => weight.square().sum()))
          return error.add(decay.mul(recipe.weightDecay))
        })
      })
    }
  }
  optimizer.dispose()
}

/**
 * Includes the label's scale in the last layer, which is linear, so that the model predicts mpg.
 */
function scaleOutput(net: tf.Sequential, mean: number, standardDeviation: number): void {
  const layer = net.layers.at(-1)!
  const [kernel, bias] = layer.getWeights()
  layer.setWeights([kernel!.mul(standardDeviation), bias!.mul(standardDeviation).add(mean)])
}

interface Fit {
  readonly count: number
  /** 1 − Σ (predicted − label)² / Σ (label − mean label)². */
  readonly r2: number
  /** Mean |predicted − label|, in mpg. */
  readonly meanAbsoluteError: number
}

function predict(model: tf.LayersModel, x: tf.Tensor2D): number[] {
  return tf.tidy(() => Array.from((model.predict(x) as tf.Tensor).dataSync()))
}

function measureFit(model: tf.LayersModel, x: tf.Tensor2D, rows: readonly CarRow[]): Fit {
  const predicted = predict(model, x)
  const labels = rows.map(milesPerGallon)
  const mean = meanOf(labels)
  const errors = labels.map((label, i) => (predicted[i] ?? NaN) - label)
  return {
    count: rows.length,
    r2: 1 - meanOf(errors.map((e) => e ** 2)) / meanOf(labels.map((label) => (label - mean) ** 2)),
    meanAbsoluteError: meanOf(errors.map(Math.abs)),
  }
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

await tf.setBackend('cpu')
const folder = new DataFolder('cars')
const table = folder.readJson('cars.json') as CarTable
const inputCount = table.features.length + table.origins.length
const inputOf = (rows: readonly CarRow[]): tf.Tensor2D =>
  tf.tensor2d(encodeCars(rows, table), [rows.length, inputCount])
const labels = table.training.map(milesPerGallon)
const mean = meanOf(labels)
const standardDeviation = Math.sqrt(meanOf(labels.map((label) => (label - mean) ** 2)))

const startedAt = performance.now()
const net = createNet(inputCount, recipe.initializerSeed)
const y = tf.tensor2d(
  labels.map((label) => (label - mean) / standardDeviation),
  [labels.length, 1],
)
trainNet(net, inputOf(table.training), y)
scaleOutput(net, mean, standardDeviation)
const wallTimeSeconds = Math.round((performance.now() - startedAt) / 1000)

await writeModel(folder, net)
const model = await readModel(folder)
const heldOut = measureFit(model, inputOf(table.heldOut), table.heldOut)
await folder.writeJson('training.json', {
  heldOut,
  training: measureFit(model, inputOf(table.training), table.training),
  heldOutPredictions: predict(model, inputOf(table.heldOut)).map((value) =>
    Number(value.toFixed(3)),
  ),
  heldOutUse: 'measured after training; never trained on, nor used to choose the recipe',
  parameterCount: model.countParams(),
  recipe,
  tfjs: tf.version.tfjs,
  backend: tf.getBackend(),
  trainedAt: new Date().toISOString(),
  wallTimeSeconds,
  command: 'npm run train:cars',
})
console.log(
  `held-out R² ${heldOut.r2.toFixed(3)}, mean error ${heldOut.meanAbsoluteError.toFixed(2)} mpg, ${wallTimeSeconds} s`,
)
