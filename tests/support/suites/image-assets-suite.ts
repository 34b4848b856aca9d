import { readdirSync, statSync } from 'node:fs'
import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import { sha256, type DataFolder } from '../../../scripts/data/data-folder.js'
import { imageAt, type LabelledImages } from '../../../scripts/data/images.js'
import { toInput } from '../../../scripts/train/batches.js'
import { readModel } from '../../../scripts/train/model.js'
import { useDevice } from '../devices/devices.js'

interface ImageSet {
  readonly count: number
  readonly classCounts: readonly number[]
  readonly images: {
    readonly file: string
    readonly shape: readonly number[]
    readonly byteLength: number
    readonly encodedByteLength: number
    readonly sha256: string
  }
  readonly labels: {
    readonly file: string
    readonly shape: readonly number[]
    readonly byteLength: number
  }
}

interface Measured {
  readonly count: number
  readonly correct: number
  readonly accuracy: number
  readonly loss: number
  readonly misclassified: readonly number[]
}

export interface ExpectedAssets {
  /** The demo's figures of its model. */
  readonly minimumAccuracy: number
  /** Every page view loads these files, so they must be small. */
  readonly maximumTotalBytes: number
  readonly layers: readonly string[]
  readonly parameterCount: number
  readonly bytesPerWeight: number
}

/** Relative: probabilities are float32, and the order of sums can differ between machines. */
const lossTolerance = 1e-4

/** Tests that the images and the model of one page are what their index and training.json state. */
export function describeImageAssets(folder: DataFolder, expected: ExpectedAssets): void {
  const index = folder.readJson('index.json') as {
    readonly classNames: readonly string[]
    readonly references: ImageSet
    readonly heldOut: ImageSet
  }
  const stated = folder.readJson('training.json') as {
    readonly heldOut: Measured
    readonly references: Measured
    readonly parameterCount: number
  }
  const references = folder.readImages('references')
  const heldOut = folder.readImages('held-out')
  const byteLengthOf = (file: string): number => statSync(folder.file(file)).size

  describe.each([
    ['references', index.references, references],
    ['held-out images', index.heldOut, heldOut],
  ])('the %s', (_, set, images) => {
    it('have the bytes, shapes and checksum that the index states', () => {
      expect(set.images.shape).toEqual([set.count, 28, 28, 1])
      expect(images.images.length).toBe(set.count * 28 * 28)
      expect(set.images.byteLength).toBe(images.images.length)
      expect(byteLengthOf(set.images.file)).toBe(set.images.encodedByteLength)
      expect(sha256(images.images)).toBe(set.images.sha256)
      expect(set.labels.shape).toEqual([set.count])
      expect(set.labels.byteLength).toBe(set.count)
      expect(byteLengthOf(set.labels.file)).toBe(set.count)
    })

    it('have as many images of each class as the index states', () => {
      const counts = index.classNames.map(() => 0)
      for (const label of images.labels) counts[label] = (counts[label] ?? 0) + 1
      expect(counts).toEqual(set.classCounts)
    })

    it('are all different, and not blank', () => {
      expect(imageTexts(images).size).toBe(set.count)
      const brightest = Array.from(images.labels, (_label, row) =>
        Math.max(...imageAt(images, row)),
      )
      expect(Math.min(...brightest)).toBeGreaterThan(100)
    })
  })

  it('no held-out image is among the references', () => {
    const referenceTexts = imageTexts(references)
    expect([...imageTexts(heldOut)].filter((text) => referenceTexts.has(text))).toEqual([])
  })

  it('every ten references in a row hold one of each class', () => {
    expect(Array.from(references.labels)).toEqual(
      Array.from(references.labels, (_, row) => row % index.classNames.length),
    )
  })

  it("all files together are smaller than the demo's limit", () => {
    const sizes = readdirSync(folder.path, { withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ name }) => byteLengthOf(name))
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(expected.maximumTotalBytes)
  })

  describe('the trained model', () => {
    beforeAll(() => useDevice('wasm'))

    it('has the expected layers and number of parameters', async () => {
      const model = await readModel(folder)
      expect(model.layers.map((layer) => layer.getClassName())).toEqual(expected.layers)
      expect(model.countParams()).toBe(expected.parameterCount)
      expect(stated.parameterCount).toBe(expected.parameterCount)
      expect(byteLengthOf('weights.bin')).toBe(expected.parameterCount * expected.bytesPerWeight)
      model.dispose()
    })

    it('mistakes exactly the held-out images that training.json names, and few enough', async () => {
      const { mistaken, loss } = await readWithModel(heldOut)
      expect(mistaken).toEqual(stated.heldOut.misclassified)
      expect(Math.abs(loss / stated.heldOut.loss - 1)).toBeLessThan(lossTolerance)
      expect(stated.heldOut.count).toBe(heldOut.labels.length)
      expect(stated.heldOut.correct).toBe(heldOut.labels.length - mistaken.length)
      expect(stated.heldOut.accuracy).toBe(stated.heldOut.correct / stated.heldOut.count)
      expect(stated.heldOut.accuracy).toBeGreaterThanOrEqual(expected.minimumAccuracy)
    })

    it('mistakes exactly the references that training.json names', async () => {
      const { mistaken, loss } = await readWithModel(references)
      expect(mistaken).toEqual(stated.references.misclassified)
      expect(Math.abs(loss / stated.references.loss - 1)).toBeLessThan(lossTolerance)
      expect(stated.references.correct).toBe(references.labels.length - mistaken.length)
    })
  })

  async function readWithModel(
    images: LabelledImages,
  ): Promise<{ mistaken: number[]; loss: number }> {
    const model = await readModel(folder)
    const [predicted, loss] = tf.tidy(() => {
      const probabilities = model.predict(toInput(images)) as tf.Tensor2D
      const labels = tf.oneHot(tf.tensor1d(images.labels, 'int32'), index.classNames.length)
      const ofLabel = probabilities.mul(labels).sum<tf.Tensor1D>(-1)
      return [probabilities.argMax(-1).dataSync(), ofLabel.log().neg().mean().dataSync()]
    })
    model.dispose()
    const rows = Array.from(images.labels, (_, row) => row)
    return {
      mistaken: rows.filter((row) => predicted[row] !== images.labels[row]),
      loss: loss[0] ?? NaN,
    }
  }
}

function imageTexts(set: LabelledImages): Set<string> {
  return new Set(
    Array.from(set.labels, (_, row) => Buffer.from(imageAt(set, row)).toString('latin1')),
  )
}
