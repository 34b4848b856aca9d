import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { TrainedName } from '../../../demo/explaining/data-sets.js'
import { DataFolder } from '../../../scripts/data/data-folder.js'
import { readTrainingSet } from '../../../scripts/after-training/training-set.js'
import { GradientSimilarity, type NdArray } from '../../../src/index.js'
import { InfluenceFunctions } from '../../../src/influence/index.js'
import { FileSystemStore } from '../../../src/node/index.js'
import { useDevice } from '../../support/devices/devices.js'
import type { DemoPage, PageName } from './demo-page.js'
import { expectAccessible } from '../page-checks.js'
import { desktop, hostDemo, leave } from './hosted-demo.js'

const host = hostDemo()
let demo: DemoPage

beforeAll(() => useDevice('wasm'))

beforeEach(async () => {
  demo = await host.visit({ viewport: desktop })
})

afterEach(() => leave(demo))

const references = 40
const quick = { device: 'wasm', references, steps: 8 } as const
const shownCount = 5

const take = ({ data, shape }: NdArray, start: number, end: number): NdArray => {
  const size = data.length / shape[0]!
  return { data: data.slice(start * size, end * size), shape: [end - start, ...shape.slice(1)] }
}

/** The orders of the training examples by similarity, influence and self-influence, in Node. */
async function rankInNode(
  name: TrainedName,
  createQuestion: (x: NdArray, y: NdArray) => readonly [x: NdArray, y: NdArray | undefined],
): Promise<number[][]> {
  const { folder, predictor, loss, x, y } = await readTrainingSet(name)
  const [xTrain, yTrain] = [take(x, 0, references), take(y, 0, references)]
  const question = createQuestion(x, y)
  const task = name === 'cars' ? 'regression' : 'classification'
  const options = { device: 'wasm', task, precomputeGrads: true } as const
  using similarity = new GradientSimilarity(predictor, loss, { ...options, simFn: 'grad_cos' })
  await similarity.fit(xTrain, yTrain)
  const curvatureStore = new FileSystemStore(folder.file('curvature.zarr'))
  using influence = new InfluenceFunctions(predictor, loss, { ...options, curvatureStore })
  await influence.fit(xTrain, yTrain)
  const rankings = [
    await similarity.explain(...question),
    await influence.explain(...question),
    await similarity.selfInfluence(),
  ]
  return rankings.map(({ orderedIndices }) => [...orderedIndices.data.subarray(0, shownCount)])
}

/** The most suspect labels, as the script ranked them. */
const readSuspects = (name: TrainedName): readonly number[] =>
  (new DataFolder(name).readJson('suspects.json') as { orderedIndices: readonly number[] })
    .orderedIndices

/** Asks about the most suspect label, and expects that the page explains it. */
async function askMostSuspect(name: PageName): Promise<void> {
  const folder = name === 'index' ? 'mnist' : (name as TrainedName)
  const suspects = readSuspects(folder)
  const list = demo.page.locator('#suspects')
  await list.locator('[data-index]').first().waitFor()
  expect(await demo.numbersIn(list)).toEqual(suspects.slice(0, 10))
  await list.locator('[data-index]').first().click()
  await demo.page
    .locator('#question-caption', { hasText: `no. ${suspects[0]!}, labelled` })
    .waitFor()
  expect(await demo.text('#question-caption')).toContain('the model was trained on it')
  await demo.settled()
}

describe('influence in the demo', () => {
  test('ranks the training sentences as the library in Node, also for a suspect label', async () => {
    const suspects = readSuspects('reviews')
    await demo.open(quick, 'reviews')
    await demo.settled()
    await askMostSuspect('reviews')
    const expected = await rankInNode('reviews', (x) => [
      take(x, suspects[0]!, suspects[0]! + 1),
      undefined,
    ])
    expect(await demo.openRankings()).toEqual(expected)
    const meanings = await demo.page.locator('gl-explainer .meaning').allInnerTexts()
    expect(meanings).toHaveLength(3)
    expect(new Set(meanings).size).toBe(3)

    // Labels are marked by their ranking everywhere.
    const marked = new Set(suspects.slice(0, 16))
    const cards = await demo.page.locator('gl-explainer .ranking [data-index]').all()
    expect(cards.length).toBeGreaterThan(0)
    for (const card of cards) {
      const isMarked = (await card.locator('.suspect').count()) > 0
      expect(isMarked).toBe(marked.has(Number(await card.getAttribute('data-index'))))
    }
  })

  test('ranks cars by their influence on a value, and follows the next question', async () => {
    await demo.open(quick, 'cars')
    await demo.settled()
    const first = await demo.openRankings()
    expect(first.map((numbers) => numbers.length)).toEqual([5, 5, 5])
    await demo.page.getByRole('radio').nth(4).click()
    await demo.settled()
    await demo.page.waitForFunction((before) => {
      const root = document.querySelector('gl-explainer')?.shadowRoot
      const ranking = root?.querySelectorAll('.ranking gl-similar-examples')[1]
      const row = ranking?.shadowRoot?.querySelectorAll('.end')[0]?.querySelector('[data-index]')
      return row !== null && row?.getAttribute('data-index') !== before
    }, String(first[1]![0]))
  })

  test('lists the digits whose labels are the most suspect, and ranks the training digits for one', async () => {
    await demo.open(quick)
    await demo.settled()
    await askMostSuspect('index')
    const [suspect = NaN] = readSuspects('mnist')
    const expected = await rankInNode('mnist', (x) => [take(x, suspect, suspect + 1), undefined])
    expect(await demo.openRankings()).toEqual(expected)
    await expectAccessible(demo.page, '.suspects')
  })
})
