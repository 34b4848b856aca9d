import { statSync } from 'node:fs'
import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import {
  averageCar,
  carNumbers,
  carOrigin,
  encodeCars,
  milesPerGallon,
  type CarRow,
  type CarTable,
} from '../../../demo/data/cars.js'
import { DataFolder } from '../../../scripts/data/data-folder.js'
import { readModel } from '../../../scripts/train/model.js'
import { useDevice } from '../../support/devices/devices.js'

interface Measured {
  readonly count: number
  readonly r2: number
  readonly meanAbsoluteError: number
}

const folder = new DataFolder('cars')
const table = folder.readJson('cars.json') as CarTable
const stated = folder.readJson('training.json') as {
  readonly heldOut: Measured
  readonly training: Measured
  readonly parameterCount: number
  readonly heldOutPredictions: readonly number[]
}

/** Least squares reaches 0.82 on all of the rows. */
const minimumR2 = 0.85
/** Relative: the model's float32 sums may run in another order on another machine. */
const tolerance = 1e-4

describe('the cars', () => {
  it('are the 392 different complete rows of Auto MPG', () => {
    const rows = [...table.training, ...table.heldOut]
    expect(rows).toHaveLength(392)
    expect(new Set(rows.map((row) => JSON.stringify(row))).size).toBe(392)
    for (const row of rows) {
      expect(carNumbers(row)).toHaveLength(table.features.length)
      expect(carNumbers(row).every((value) => value > 0)).toBe(true)
      expect(table.origins.map(({ name }) => name)).toContain(carOrigin(row))
    }
  })

  it('are scaled by the mean and the standard deviation of the training cars alone', () => {
    const width = table.features.length + table.origins.length
    const encoded = encodeCars(table.training, table)
    const average = averageCar(table)
    for (let column = 0; column < width; column++) {
      const values = table.training.map((_, row) => encoded[row * width + column]!)
      expect(meanOf(values)).toBeCloseTo(average[column]!, 5)
      if (column < table.features.length) {
        expect(meanOf(values.map((value) => value ** 2))).toBeCloseTo(1, 5)
      }
    }
  })
})

describe('the model of the cars', () => {
  beforeAll(() => useDevice('wasm'))

  it('fits the cars as well as training.json states', async () => {
    const model = await readModel(folder)
    expect(model.countParams()).toBe(stated.parameterCount)
    expect(statSync(folder.file('weights.bin')).size).toBe(4 * stated.parameterCount)
    for (const set of ['heldOut', 'training'] as const) {
      const { r2, meanAbsoluteError } = fitOf(model, table[set])
      expect(stated[set].count).toBe(table[set].length)
      expect(Math.abs(r2 / stated[set].r2 - 1)).toBeLessThan(tolerance)
      expect(Math.abs(meanAbsoluteError / stated[set].meanAbsoluteError - 1)).toBeLessThan(
        tolerance,
      )
    }
    expect(stated.heldOut.r2).toBeGreaterThan(minimumR2)
    predictionsOf(model, table.heldOut).forEach((value, i) => {
      expect(stated.heldOutPredictions[i]).toBeCloseTo(value, 2)
    })
    model.dispose()
  })
})

function predictionsOf(model: tf.LayersModel, rows: readonly CarRow[]): Float32Array {
  const encoded = encodeCars(rows, table)
  const x = (): tf.Tensor => tf.tensor2d(encoded, [rows.length, encoded.length / rows.length])
  return tf.tidy(() => (model.predict(x()) as tf.Tensor).dataSync<'float32'>())
}

function fitOf(model: tf.LayersModel, rows: readonly CarRow[]): Omit<Measured, 'count'> {
  const predicted = predictionsOf(model, rows)
  const labels = rows.map(milesPerGallon)
  const errors = labels.map((label, i) => predicted[i]! - label)
  const mean = meanOf(labels)
  return {
    r2:
      1 -
      meanOf(errors.map((error) => error ** 2)) /
        meanOf(labels.map((label) => (label - mean) ** 2)),
    meanAbsoluteError: meanOf(errors.map(Math.abs)),
  }
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
