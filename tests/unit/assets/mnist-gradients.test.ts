import * as tf from '@tensorflow/tfjs'
import { GradientSimilarity, openGradientStore } from 'gradlens'
import { FileSystemStore } from 'gradlens/node'
import { tfjsPredictor } from 'gradlens/tfjs'
import { readdirSync, statSync } from 'node:fs'
import path from 'node:path'
import { expect, it } from 'vitest'
import { DataFolder } from '../../../scripts/data/data-folder.js'
import { readModel } from '../../../scripts/train/model.js'
import { useDevice } from '../../support/devices/devices.js'

interface Report {
  readonly store: string
  readonly byteLength: number
  readonly projection: { readonly size: number; readonly seed: number }
  readonly dtype: string
  readonly exactNumbersPerRow: number
  readonly measured: {
    readonly topK: number
    readonly similarities: Readonly<Record<string, { readonly recall: number }>>
  }
}

const folder = new DataFolder('mnist')
const report = folder.readJson('gradients.json') as Report
const store = new FileSystemStore(folder.file(report.store))
const loss = 'categoricalCrossentropy'

/** The page's first visit includes them. */
const maximumBytes = 1_200_000

it('stores and describes the gradients of all digits that the page ranks', async () => {
  const reader = await openGradientStore(store)
  const { images, labels } = folder.readImages('references')
  const count = labels.length
  expect([reader.rowCount, reader.totalRowCount]).toEqual([count, count])
  expect(reader.projection).toMatchObject(report.projection)
  expect(reader.dtype).toBe(report.dtype)
  const { data, shape } = await reader.readLabels(0, count)
  expect(shape).toEqual([count, 10])
  labels.forEach((label, row) => {
    expect(data.subarray(row * 10, (row + 1) * 10).indexOf(1)).toBe(label)
  })
  expect(images).toHaveLength(784 * count)

  const files = readdirSync(folder.file(report.store), { recursive: true, withFileTypes: true })
  const byteLength = files
    .filter((entry) => entry.isFile())
    .reduce((sum, { parentPath, name }) => sum + statSync(path.join(parentPath, name)).size, 0)
  expect(report.byteLength).toBe(byteLength)
  expect(byteLength).toBeLessThan(maximumBytes)
})

it('finds the measured share of the exact ranking, for the current model', async () => {
  await useDevice('wasm')
  const model = await readModel(folder)
  const predictor = tfjsPredictor(model)
  const options = { device: 'wasm', topK: report.measured.topK } as const
  using stored = await GradientSimilarity.open(store, predictor, loss, options)
  // The first few are compared with themselves and the others: what is most like each of them is among these.
  const { images, labels } = folder.readImages('references')
  const count = 96
  const x = {
    data: Float32Array.from(images.subarray(0, 784 * count), (byte) => byte / 255),
    shape: [count, 28, 28, 1],
  }
  const y = tf.tidy(() =>
    tf.oneHot(tf.tensor1d([...labels.subarray(0, count)], 'int32'), 10).arraySync(),
  )
  using exact = new GradientSimilarity(predictor, loss, { ...options, precomputeGrads: true })
  await exact.fit(x, y)
  for (const simFn of ['grad_dot', 'grad_cos', 'grad_asym_dot'] as const) {
    const all = (await exact.explain(x, y, { simFn })).orderedIndices.data
    const found = (await stored.explain(x, y, { simFn })).orderedIndices.data
    const recalls = Array.from({ length: count }, (_, row) => {
      const theirs = all.subarray(row * count, row * count + 10)
      const ours = found.subarray(row * 1000, (row + 1) * 1000).filter((index) => index < count)
      return theirs.filter((index) => ours.subarray(0, 10).includes(index)).length / 10
    })
    const recall = recalls.reduce((sum, value) => sum + value, 0) / count
    expect(recall).toBeGreaterThan(report.measured.similarities[simFn]!.recall - 0.02)
  }
  model.dispose()
})
