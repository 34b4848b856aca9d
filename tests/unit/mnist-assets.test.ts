import { createHash } from 'node:crypto'
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import { imageAt, type Digits } from '../../scripts/data-mnist-digits.js'
import { MNIST_FOLDER, readDigitSet, readJson } from '../../scripts/data-mnist-folder.js'
import { toInput } from '../../scripts/train-mnist-batches.js'
import { readModel } from '../../scripts/train-mnist-model.js'
import { useDevice } from '../support/devices.js'

interface DigitSet {
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

const index = readJson('index.json') as {
  readonly classNames: readonly string[]
  readonly references: DigitSet
  readonly heldOut: DigitSet
}
const stated = readJson('training.json') as {
  readonly heldOut: Measured
  readonly references: Measured
  readonly parameterCount: number
}
const references = readDigitSet('references')
const heldOut = readDigitSet('held-out')

/** Every page view fetches these files: the demo has to stay quick to open. */
const MAXIMUM_TOTAL_BYTES = 2_500_000
/** What the demo says of its model. */
const MINIMUM_ACCURACY = 0.98
/** Relative: probabilities are float32, and sums may run in another order on another machine. */
const LOSS_TOLERANCE = 1e-4

const byteLengthOf = (file: string): number => statSync(join(MNIST_FOLDER, file)).size

describe.each([
  ['references', index.references, references],
  ['held-out digits', index.heldOut, heldOut],
])('the %s', (_, set, digits) => {
  it('have the bytes, shapes and checksum that the index states', () => {
    expect(set.images.shape).toEqual([set.count, 28, 28, 1])
    expect(digits.images.length).toBe(set.count * 28 * 28)
    expect(set.images.byteLength).toBe(digits.images.length)
    expect(byteLengthOf(set.images.file)).toBe(set.images.encodedByteLength)
    expect(createHash('sha256').update(digits.images).digest('hex')).toBe(set.images.sha256)
    expect(set.labels.shape).toEqual([set.count])
    expect(set.labels.byteLength).toBe(set.count)
    expect(byteLengthOf(set.labels.file)).toBe(set.count)
  })

  it('have as many digits of each class as the index states', () => {
    const counts = index.classNames.map(() => 0)
    for (const label of digits.labels) counts[label] = (counts[label] ?? 0) + 1
    expect(counts).toEqual(set.classCounts)
  })

  it('are all different, and none is blank', () => {
    expect(imageTexts(digits).size).toBe(set.count)
    const brightest = Array.from(digits.labels, (_label, row) => Math.max(...imageAt(digits, row)))
    expect(Math.min(...brightest)).toBeGreaterThan(200)
  })
})

it('no held-out digit is among the references', () => {
  const referenceTexts = imageTexts(references)
  expect([...imageTexts(heldOut)].filter((text) => referenceTexts.has(text))).toEqual([])
})

it('every ten references in a row hold one of each class', () => {
  expect(Array.from(references.labels)).toEqual(
    Array.from(references.labels, (_, row) => row % index.classNames.length),
  )
})

it('all files together stay below the size that the demo may fetch', () => {
  const sizes = readdirSync(MNIST_FOLDER).map(byteLengthOf)
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(MAXIMUM_TOTAL_BYTES)
})

describe('the trained model', () => {
  beforeAll(() => useDevice('wasm'))

  it('has the layers and the number of parameters of the notebook’s network', async () => {
    const model = await readModel()
    expect(model.layers.map((layer) => layer.getClassName())).toEqual([
      'Conv2D',
      'MaxPooling2D',
      'Dropout',
      'Conv2D',
      'MaxPooling2D',
      'Dropout',
      'Flatten',
      'Dense',
      'Dropout',
      'Dense',
    ])
    expect(model.countParams()).toBe(412_778)
    expect(stated.parameterCount).toBe(412_778)
    expect(byteLengthOf('weights.bin')).toBe(412_778 * Float32Array.BYTES_PER_ELEMENT)
    model.dispose()
  })

  it('misreads exactly the held-out digits that training.json names, at most 2 %', async () => {
    const { misread, loss } = await readWithModel(heldOut)
    expect(misread).toEqual(stated.heldOut.misclassified)
    expect(Math.abs(loss / stated.heldOut.loss - 1)).toBeLessThan(LOSS_TOLERANCE)
    expect(stated.heldOut.count).toBe(heldOut.labels.length)
    expect(stated.heldOut.correct).toBe(heldOut.labels.length - misread.length)
    expect(stated.heldOut.accuracy).toBe(stated.heldOut.correct / stated.heldOut.count)
    expect(stated.heldOut.accuracy).toBeGreaterThanOrEqual(MINIMUM_ACCURACY)
  })

  it('misreads exactly the references that training.json names', async () => {
    const { misread, loss } = await readWithModel(references)
    expect(misread).toEqual(stated.references.misclassified)
    expect(Math.abs(loss / stated.references.loss - 1)).toBeLessThan(LOSS_TOLERANCE)
    expect(stated.references.correct).toBe(references.labels.length - misread.length)
  })
})

async function readWithModel(digits: Digits): Promise<{ misread: number[]; loss: number }> {
  const model = await readModel()
  const [predicted, loss] = tf.tidy(() => {
    const probabilities = model.predict(toInput(digits)) as tf.Tensor2D
    const labels = tf.oneHot(tf.tensor1d(digits.labels, 'int32'), index.classNames.length)
    const ofLabel = probabilities.mul(labels).sum<tf.Tensor1D>(-1)
    return [probabilities.argMax(-1).dataSync(), ofLabel.log().neg().mean().dataSync()]
  })
  model.dispose()
  const rows = Array.from(digits.labels, (_, row) => row)
  return {
    misread: rows.filter((row) => predicted[row] !== digits.labels[row]),
    loss: loss[0] ?? NaN,
  }
}

function imageTexts(digits: Digits): Set<string> {
  return new Set(
    Array.from(digits.labels, (_, row) => Buffer.from(imageAt(digits, row)).toString('latin1')),
  )
}
