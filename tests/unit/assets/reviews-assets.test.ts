import { readFileSync, readdirSync, statSync } from 'node:fs'
import { GradientSimilarity, IntegratedGradients } from 'gradlens'
import { tfjsPredictor } from 'gradlens/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import { Vocabulary, paddingId, reviewLength, tokensOf } from '../../../demo/data/review-tokens.js'
import { DataFolder, sha256 } from '../../../scripts/data/data-folder.js'
import { TRAINING_COUNT, wordsOf, type Sentence } from '../../../scripts/data/reviews-sentences.js'
import { readModel } from '../../../scripts/train/model.js'
import { measureReviews } from '../../../scripts/train/reviews/accuracy.js'
import { encodeAll } from '../../../scripts/train/reviews/loop.js'
import { useDevice } from '../../support/devices/devices.js'
import { expectNear } from '../../support/references/differences.js'
import { materializedGradients } from '../../support/references/materialized-gradients.js'
import { hostGradients } from '../../support/gradients/host-block.js'
import { disposedAfterTest } from '../../support/models/models.js'
import { layersModelOf, repairedGradient } from '../../support/references/single-gradients.js'

interface Stated {
  readonly heldOut: { readonly misclassified: readonly number[]; readonly loss: number }
  readonly training: { readonly misclassified: readonly number[] }
  readonly parameterCount: number
}

const folder = new DataFolder('reviews')
const sentences = folder.readJson('sentences.json') as Sentence[]
const vocabulary = new Vocabulary(folder.readJson('vocabulary.json') as string[])
const stated = folder.readJson('training.json') as Stated
const training = sentences.slice(0, TRAINING_COUNT)
const heldOut = sentences.slice(TRAINING_COUNT)

/** Every view of the page fetches these files. */
const MAXIMUM_TOTAL_BYTES = 300_000
/** What the demo says of its model; a bag of words reaches 0.815. */
const MINIMUM_ACCURACY = 0.8
/** Relative: probabilities are float32, and the order of sums can differ between machines. */
const LOSS_TOLERANCE = 1e-4
/** For a smooth model with 50 Gauss–Legendre steps, in float32. */
const COMPLETENESS_TOLERANCE = 1e-5
/** Float32 sums in another order, relative to the gradient's norm. */
const GRADIENT_TOLERANCE = 1e-5

const inputOf = (some: readonly Sentence[]): { data: Int32Array; shape: number[] } => ({
  data: encodeAll(some, vocabulary).ids,
  shape: [some.length, reviewLength],
})

describe('the sentences', () => {
  it('have the checksums, counts and classes that the index states', () => {
    const index = folder.readJson('index.json') as {
      readonly sentences: { readonly file: string; readonly sha256: string }
      readonly vocabulary: { readonly file: string; readonly sha256: string }
      readonly training: { readonly count: number }
      readonly heldOut: { readonly count: number; readonly alsoInTraining: readonly number[] }
    }
    for (const part of [index.sentences, index.vocabulary]) {
      expect(sha256(readFileSync(folder.file(part.file)))).toBe(part.sha256)
    }
    expect(index.training.count).toBe(training.length)
    expect(index.heldOut.count).toBe(heldOut.length)
    expect(sentences.filter(({ label }) => label === 1).length).toBe(500)
    const known = new Set(training.map(({ text }) => text))
    expect(index.heldOut.alsoInTraining).toEqual(
      [...heldOut.keys()].filter((i) => known.has(heldOut[i]!.text)),
    )
  })

  it('are small enough to load with their model', () => {
    const sizes = readdirSync(folder.path).map((file) => statSync(folder.file(file)).size)
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(MAXIMUM_TOTAL_BYTES)
  })

  it('are read as tokens at the stated positions, which fit into the model’s input', () => {
    for (const { text } of sentences) {
      const tokens = tokensOf(text)
      expect(tokens.length).toBeGreaterThan(0)
      expect(tokens.length).toBeLessThanOrEqual(reviewLength)
      for (const { word, start, end } of tokens) {
        expect(text.slice(start, end).toLowerCase()).toBe(word)
      }
    }
    expect(tokensOf('Don’t buy 2: IT’S bad!').map(({ word }) => word)).toEqual([
      "don't",
      'buy',
      '2',
      "it's",
      'bad',
      '!',
    ])
  })

  it('have a vocabulary of all words of the training sentences; other words share one number', () => {
    expect(folder.readJson('vocabulary.json')).toEqual(wordsOf(training))
    const ids = vocabulary.encode(tokensOf('the unheardof xyzzy'))
    expect([...ids.subarray(0, 4)]).toEqual([2, 1, 1, paddingId])
    expect(vocabulary.encode(tokensOf('good '.repeat(50))).length).toBe(reviewLength)
  })
})

describe('the trained model', () => {
  beforeAll(() => useDevice('wasm'))

  it('misreads exactly the sentences that training.json names, at most 20 % of those held out', async () => {
    const model = disposedAfterTest(await readModel(folder))
    const measured = measureReviews(model, encodeAll(heldOut, vocabulary))
    expect(measured.misclassified).toEqual(stated.heldOut.misclassified)
    expect(Math.abs(measured.loss / stated.heldOut.loss - 1)).toBeLessThan(LOSS_TOLERANCE)
    expect(measured.accuracy).toBeGreaterThanOrEqual(MINIMUM_ACCURACY)
    expect(measureReviews(model, encodeAll(training, vocabulary)).misclassified).toEqual(
      stated.training.misclassified,
    )
    expect(model.countParams()).toBe(stated.parameterCount)
  })

  it('finds the words good or bad that people do, and padding neutral', async () => {
    const model = disposedAfterTest(await readModel(folder))
    using explainer = new IntegratedGradients(tfjsPredictor(model), {
      layer: 'words',
      device: 'wasm',
    })
    const texts = ['Worked great!', 'Very poor reception, terrible service.', 'I am disappointed.']
    const x = inputOf(texts.map((text) => ({ text, label: 0 })))
    const { attributions, deltas, predictions } = await explainer.explain(x, { target: 1 })
    expectNear(deltas.data, [0, 0, 0], COMPLETENESS_TOLERANCE)
    const { data, shape } = attributions[0]!
    const vectorSize = shape[2]!
    const ofPosition = (row: number, position: number): number => {
      const at = (row * reviewLength + position) * vectorSize
      return [...data.subarray(at, at + vectorSize)].reduce((sum, value) => sum + value, 0)
    }
    const strongest = texts.map((text, row) => {
      const tokens = tokensOf(text)
      for (let position = tokens.length; position < reviewLength; position++) {
        expect(ofPosition(row, position)).toBe(0)
      }
      const values = tokens.map((_, position) => ofPosition(row, position))
      const at = values.findIndex((value) => Math.abs(value) === Math.max(...values.map(Math.abs)))
      return [tokens[at]!.word, Math.sign(values[at]!)]
    })
    expect(strongest).toEqual([
      ['great', 1],
      ['poor', -1],
      ['disappointed', -1],
    ])
    expect(predictions.data[1]).toBeGreaterThan(0.8)
    expect(predictions.data[3]).toBeLessThan(0.2)
  })

  it('has per-example gradients equal to a loop over sentences, none at the padding', async () => {
    const model = disposedAfterTest(await readModel(folder))
    const reference = layersModelOf(model)
    const some = training.slice(0, 3)
    const x = [inputOf(some)]
    const y = { data: Int32Array.from(some, ({ label }) => label), shape: [some.length] }
    using session = await tfjsPredictor(model).open('wasm', { allowSoftware: true })
    const block = await hostGradients(session, x, y, 'sparseCategoricalCrossentropyFromLogits')
    const words = block.segments.find(({ kind }) => kind === 'lookup')
    expect(words?.parameter).toContain('words')
    // One of the batch: its reference takes seconds, since cpu goes through the vocabulary word by word.
    const gradients = materializedGradients(block, 1)
    for (const [name, expected] of await repairedGradient(reference, x, y, 1)) {
      const difference = expected.map((value, k) => value - gradients.get(name)![k]!)
      expect(Math.hypot(...difference)).toBeLessThan(GRADIENT_TOLERANCE * Math.hypot(...expected))
    }
    const ofPadding = gradients.get(words!.parameter)!.subarray(0, 16)
    expect(ofPadding.every((value) => value === 0)).toBe(true)
  })

  it('ranks the other of two equal sentences first', async () => {
    const model = disposedAfterTest(await readModel(folder))
    const twice = heldOut.filter(({ text }) => training.some((other) => other.text === text))
    expect(twice.length).toBe(4)
    using explainer = new GradientSimilarity(
      tfjsPredictor(model),
      'sparseCategoricalCrossentropy',
      { simFn: 'grad_cos', device: 'wasm', precomputeGrads: true },
    )
    await explainer.fit(inputOf(training), {
      data: Int32Array.from(training, ({ label }) => label),
      shape: [training.length],
    })
    const { orderedIndices, scores } = await explainer.explain(inputOf(twice), {
      data: Int32Array.from(twice, ({ label }) => label),
      shape: [twice.length],
    })
    for (const [i, { text }] of twice.entries()) {
      const first = training[orderedIndices.data[i * training.length]!]!
      // To the model, "Great Phone." and "Great phone!" are the same.
      expect(tokensOf(first.text).map(({ word }) => word)).toEqual(
        tokensOf(text).map(({ word }) => word),
      )
      expect(scores.data[i * training.length]).toBeCloseTo(1, 5)
    }
  })
})
