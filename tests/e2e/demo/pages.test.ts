import * as tf from '@tensorflow/tfjs'
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { averageCar, encodeCars, milesPerGallon, type CarTable } from '../../../demo/data/cars.js'
import { reviewLength, tokensOf, Vocabulary } from '../../../demo/data/review-tokens.js'
import { DataFolder } from '../../../scripts/data/data-folder.js'
import { readModel } from '../../../scripts/train/model.js'
import { GradientSimilarity, IntegratedGradients, type NdArray } from '../../../src/index.js'
import { tfjsPredictor } from '../../../src/tfjs/index.js'
import { useDevice } from '../../support/devices/devices.js'
import { type DemoPage, numberIn } from './demo-page.js'
import { desktop, hostDemo, leave } from './hosted-demo.js'

const host = hostDemo()
let demo: DemoPage

beforeAll(() => useDevice('wasm'))

beforeEach(async () => {
  demo = await host.visit({ viewport: desktop })
})

afterEach(() => leave(demo))

const references = 40
const steps = 8
const quick = { device: 'wasm', references, steps } as const

/** The pages show three digits of the greatest score, and as many decimals of the others. */
const shownPrecision = 0.01

interface Expected {
  readonly outputs: readonly number[]
  readonly order: readonly number[]
  readonly scores: readonly number[]
  readonly total: number
}

/** What the library says of the same question in Node. */
async function explained(
  folder: DataFolder,
  question: {
    readonly x: NdArray
    readonly y: NdArray | undefined
    readonly xTrain: NdArray
    readonly yTrain: NdArray
    readonly layer?: string
    readonly baselines?: NdArray
  },
): Promise<Expected> {
  const { x, y, xTrain, yTrain, layer, baselines } = question
  const model = await readModel(folder)
  try {
    const predictor = tfjsPredictor(model)
    const isRegression = y !== undefined
    const loss = isRegression ? 'meanSquaredError' : 'categoricalCrossentropy'
    using similarity = new GradientSimilarity(predictor, loss, {
      simFn: 'grad_cos',
      device: 'wasm',
      task: isRegression ? 'regression' : 'classification',
    })
    await similarity.fit(xTrain, yTrain)
    const ranking = await similarity.explain(x, y)
    using integrated = new IntegratedGradients(predictor, {
      nSteps: steps,
      device: 'wasm',
      ...(layer === undefined ? {} : { layer }),
    })
    const outputs = await outputsOf(model, x)
    const attribution = await integrated.explain(x, {
      ...(isRegression ? {} : { target: outputs.indexOf(Math.max(...outputs)) }),
      ...(baselines === undefined ? {} : { baselines }),
    })
    return {
      outputs,
      order: Array.from(ranking.data.orderedIndices.data),
      scores: Array.from(ranking.data.scores.data),
      total: Array.from(attribution.data.attributions[0]!.data).reduce((a, b) => a + b, 0),
    }
  } finally {
    model.dispose()
  }
}

async function outputsOf(model: tf.LayersModel, { data, shape }: NdArray): Promise<number[]> {
  const output = tf.tidy(() => model.predict(tf.tensor(data, [...shape])) as tf.Tensor)
  const values = Array.from(await output.data())
  output.dispose()
  return values
}

async function expectRanking({ order, scores }: Expected): Promise<void> {
  const most = await demo.neighbours('most')
  expect(most).toHaveLength(5)
  const greatest = Math.max(...scores.map(Math.abs))
  most.forEach(({ text, score }, rank) => {
    expect(text).toMatch(new RegExp(`(no\\. |^)${String(order[rank])}\\b`))
    expect(Math.abs(score - scores[rank]!)).toBeLessThan(shownPrecision * greatest)
  })
}

async function expectTotal({ total }: Expected, digits: number): Promise<void> {
  const adds = /sum to (\S+?)\.?\s/.exec(await demo.text('#attribution-delta'))?.[1] ?? ''
  expect(numberIn(adds)).toBeCloseTo(total, digits)
}

function oneHot(labels: readonly number[], classCount: number): NdArray {
  const data = new Float32Array(labels.length * classCount)
  labels.forEach((label, row) => (data[row * classCount + label] = 1))
  return { data, shape: [labels.length, classCount] }
}

describe('the other pages of the demo', () => {
  test('explain a garment with the figures of the library in Node', async () => {
    const folder = new DataFolder('garments')
    const heldOut = folder.readImages('held-out')
    const training = folder.readImages('references')
    const pictures = (bytes: Uint8Array): NdArray => ({
      data: Float32Array.from(bytes, (byte) => byte / 255),
      shape: [bytes.length / 784, 28, 28, 1],
    })
    const index = 2
    const expected = await explained(folder, {
      x: pictures(heldOut.images.subarray(index * 784, (index + 1) * 784)),
      y: undefined,
      xTrain: pictures(training.images.subarray(0, references * 784)),
      yTrain: oneHot(Array.from(training.labels.subarray(0, references)), 10),
    })

    await demo.open({ ...quick, garment: index }, 'garments')
    await demo.settled()
    const shown = await demo.percentages()
    shown.forEach((percentage, i) => {
      expect(Math.abs(percentage - 100 * expected.outputs[i]!)).toBeLessThan(0.1)
    })
    await expectRanking(expected)
    await expectTotal(expected, 3)
  })

  test('explain a car in miles per gallon, its features from the average car', async () => {
    const folder = new DataFolder('cars')
    const table = folder.readJson('cars.json') as CarTable
    const index = 10
    const car = table.heldOut[index]!
    const rows = table.training.slice(0, references)
    const encoded = encodeCars(rows, table)
    const average = averageCar(table)
    const expected = await explained(folder, {
      x: { data: encodeCars([car], table), shape: [1, average.length] },
      y: { data: Float32Array.of(milesPerGallon(car)), shape: [1, 1] },
      xTrain: { data: encoded, shape: [rows.length, average.length] },
      yTrain: { data: Float32Array.from(rows, milesPerGallon), shape: [rows.length, 1] },
      baselines: { data: average, shape: [1, average.length] },
    })

    await demo.open({ ...quick, car: index }, 'cars')
    await demo.settled()
    const said = /The model says (\S+) mpg; the true value is (\S+) mpg/.exec(await demo.verdict())
    expect(Number(said?.[1])).toBeCloseTo(expected.outputs[0]!, 1)
    expect(Number(said?.[2])).toBeCloseTo(milesPerGallon(car), 1)
    await expectRanking(expected)
    await expectTotal(expected, 1)
    expect(await demo.page.locator('gl-attribution-bars .value').count()).toBeGreaterThan(0)

    await demo.page.getByRole('radio').nth(3).click()
    await demo.settled()
    expect(await demo.verdict()).not.toContain(said?.[1])
  })

  test('explain a picked and a typed sentence word by word', async () => {
    const folder = new DataFolder('reviews')
    const index = folder.readJson('index.json') as {
      readonly training: { readonly start: number }
    }
    const sentences = folder.readJson('sentences.json') as { text: string; label: number }[]
    const vocabulary = new Vocabulary(folder.readJson('vocabulary.json') as string[])
    const encode = (texts: readonly string[]): NdArray => ({
      data: Int32Array.from(texts.flatMap((text) => [...vocabulary.encode(tokensOf(text))])),
      shape: [texts.length, reviewLength],
    })
    const training = sentences.slice(index.training.start, index.training.start + references)
    const question = {
      y: undefined,
      xTrain: encode(training.map(({ text }) => text)),
      yTrain: oneHot(
        training.map(({ label }) => label),
        2,
      ),
      layer: 'words',
    }
    const typed = 'The sound is great, but the battery died after two days!'
    const expected = await explained(folder, { ...question, x: encode([typed]) })

    await demo.open(quick, 'reviews')
    await demo.settled()
    expect(await demo.verdict()).toContain('It is wrong')
    await demo.page.fill('#sentence', typed)
    await demo.page.locator('#question-caption', { hasText: 'Your sentence.' }).waitFor()
    await demo.settled()
    expect(new URL(demo.page.url()).searchParams.has('sentence')).toBe(false)
    const shown = await demo.percentages()
    shown.forEach((percentage, i) => {
      expect(Math.abs(percentage - 100 * expected.outputs[i]!)).toBeLessThan(0.1)
    })
    await expectRanking(expected)
    await expectTotal(expected, 3)
    const words = await demo.page.locator('gl-attribution-text [part~="token"]').allInnerTexts()
    expect(words.map((word) => word.trim())).toEqual(
      tokensOf(typed).map(({ start, end }) => typed.slice(start, end)),
    )

    await demo.page.fill('#sentence', '<img src=x onerror=alert(1)> great phone')
    await demo.page.locator('#question-caption', { hasText: '“img”' }).waitFor()
    await demo.settled()
    expect(await demo.page.locator('gl-attribution-text img').count()).toBe(0)
  })

  test('can be used with the keyboard, from page to page', async () => {
    await demo.open(quick, 'cars')
    await demo.settled()
    const { keyboard } = demo.page
    await demo.page.locator('.choice[tabindex="0"]').first().focus()
    await keyboard.press('ArrowDown')
    await demo.settled()
    expect(await demo.page.locator('.choice').nth(1).getAttribute('aria-checked')).toBe('true')
    await demo.page.getByRole('link', { name: 'Reviews' }).focus()
    await keyboard.press('Enter')
    await demo.page.waitForURL(/reviews\.html/)
    expect(await demo.page.locator('[aria-current="page"]').innerText()).toBe('Reviews')
    expect(
      await (await demo.page.request.get(`${host.server.url}source/reviews.txt`)).text(),
    ).toContain('new ExplainedPage')
  })
})
