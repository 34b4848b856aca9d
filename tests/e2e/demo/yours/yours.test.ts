import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import * as tf from '@tensorflow/tfjs'
import type { Page } from 'playwright'
import { afterEach, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest'
import { denseModel } from '../../../support/onnx/dense-models.js'
import { colorModel, colorPictures, side } from '../../../support/yours/color-model.js'
import { exportModel, zip, type Files } from '../../../support/yours/dropped.js'
import { hostDemo } from '../hosted-demo.js'
import { measureLongestTask } from '../../longest-task.js'
import { YoursPage } from './yours-page.js'
import { runProject } from './yours-project.js'

const classNames = ['red', 'green', 'blue']

/** How long the page may be blocked. */
const longestTaskMs = 50

const host = hostDemo(['--use-fake-device-for-media-stream'])
let page: Page
let yours: YoursPage

beforeAll(() => tf.setBackend('cpu'))

beforeEach(async () => {
  yours = await YoursPage.open(host)
  ;({ page } = yours)
})

afterEach(() => yours.leave())

test('a Teachable Machine export and folders of pictures are explained, with the answers of the model', async () => {
  const model = colorModel()
  const pictures = await colorPictures(4)
  const reload = async (time: number): Promise<Page> => {
    if (time > 0) await page.reload()
    return page
  }
  const longest = await measureLongestTask(host.browser, longestTaskMs, reload, async () => {
    await yours.give('model', { 'my-model.zip': zip(await exportModel(model, classNames)) })
    await yours.about('model', 'Teachable Machine')
    await yours.drop('data', writeFiles({ ...pictures, 'pictures/red/broken.png': broken }))
    await yours.about('data', '13 pictures in 3 folders: blue (4), green (4), red (5)')
    await yours.about('match', '12 examples fit the model')
    await yours.about(
      'match',
      "1 picture can't be decoded and is left out: pictures/red/broken.png",
    )
    await yours.settled('Training example no. 0')
  })
  expect(longest).toBeLessThan(longestTaskMs)
  await page.locator('#match .change').click()
  await page.locator('#input-choices', { hasText: 'metadata.json of Teachable Machine' }).waitFor()

  const [blue, green] = [pictures['pictures/blue/0.png'], pictures['pictures/green/0.png']]
  if (blue === undefined || green === undefined) throw new Error('Pictures are missing.')
  await chooseOwn('mine.png', blue)
  await yours.settled('Your picture, mine.png')
  const question = await decode(blue)
  const expected = await checkProbabilities(model, question)
  const own = gradientOf(model, question, expected.indexOf(Math.max(...expected)))
  const gradients: number[][] = []
  for (const [file, bytes] of Object.entries(pictures)) {
    const label = classNames.indexOf(file.split('/')[1] ?? '')
    gradients.push(gradientOf(model, await decode(bytes), label))
  }
  const cosines = gradients.map((gradient) => cosine(own, gradient)).sort((a, b) => b - a)
  const scores = await yours.scores()
  scores.slice(0, 5).forEach((score, rank) => {
    expect(score).toBeCloseTo(cosines[rank] ?? NaN, 3)
  })
  await page.getByLabel('Map by').selectOption('grad_cam')
  await yours.settled('Your picture, mine.png')
  const suspects = await yours.rankLabels()
  expect(new Set(suspects).size).toBe(10)
  const suspicions = suspicionsOf(gradients)
  suspects.slice(1).forEach((index, rank) => {
    expect(suspicions[index]).toBeLessThan((suspicions[suspects[rank]!] ?? NaN) + fewRanks)
  })
  await yours.look('yours-pictures')
  await page.setViewportSize({ width: 1280, height: 900 })
  expect(await runProject(host.browser, await yours.save('#save-code'))).toEqual(
    await yours.scores(),
  )
  await page.locator('#suspect-list [data-index]').first().click()
  await yours.settled(`Training example no. ${suspects[0]!}, whose label is`)

  await pastePicture(green)
  await yours.settled('Your picture from the clipboard')
  await checkProbabilities(model, await decode(green))
  await chooseOwn('broken.png', broken)
  await yours.about('ask', 'This file is not a picture that the browser can read')
  await yours.settled('Your picture from the clipboard')
  await page.getByRole('button', { name: 'Use the camera' }).click()
  const video = page.locator('#own video')
  await expect
    .poll(() => video.evaluate((element) => (element as HTMLVideoElement).videoWidth))
    .toBeGreaterThan(0)
  await page.getByRole('button', { name: 'Take the picture' }).click()
  await yours.settled('Your picture from the camera')
  expect(await video.evaluate((element) => (element as HTMLVideoElement).srcObject)).toBeNull()
})

/** The model is random, so that some pictures may be as suspect as others but for rounding. */
const fewRanks = 0.1

/** The mean rank of each example by the length of its gradient, and by its lowest and highest cosines. */
function suspicionsOf(gradients: readonly (readonly number[])[]): number[] {
  const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0)
  const lengths = gradients.map((own) => sum(own.map((value) => value ** 2)))
  const disagreements = gradients.map((own, i) => {
    const cosines = gradients.flatMap((other, j) => (i === j ? [] : [cosine(own, other)]))
    cosines.sort((a, b) => b - a)
    return -sum([...cosines.slice(0, 10), ...cosines.slice(-10)])
  })
  const shareBelow = (values: readonly number[], own: number): number =>
    values.filter((value) => value < own).length / (values.length - 1)
  return gradients.map(
    (_, i) => (shareBelow(lengths, lengths[i]!) + shareBelow(disagreements, disagreements[i]!)) / 2,
  )
}

const broken = Uint8Array.of(1, 2, 3)

/** Writes files into a folder that is removed at the end. Returns the path of the first folder in it. */
function writeFiles(files: Files): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'yours-'))
  onTestFinished(() => {
    rmSync(folder, { recursive: true })
  })
  for (const [name, bytes] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true })
    writeFileSync(path.join(folder, name), bytes)
  }
  return path.join(folder, Object.keys(files)[0]?.split('/')[0] ?? '')
}

const chooseOwn = (name: string, bytes: Uint8Array): Promise<void> =>
  page
    .locator('#own input[type=file]')
    .setInputFiles({ name, mimeType: 'image/png', buffer: Buffer.from(bytes) })

/** Copies a picture, and pastes it with the keyboard. */
async function pastePicture(png: Uint8Array): Promise<void> {
  await page.evaluate(async (bytes) => {
    const blob = new Blob([Uint8Array.from(bytes)], { type: 'image/png' })
    await navigator.clipboard.write([new ClipboardItem({ 'image/png': blob })])
  }, Array.from(png))
  await page.keyboard.press('Control+V')
}

/** Compares the shown probabilities with the model's. Resolves to these. */
async function checkProbabilities(
  model: tf.LayersModel,
  question: tf.Tensor,
): Promise<Float32Array> {
  const expected = (model.predict(question) as tf.Tensor).dataSync<'float32'>()
  await yours.predicts(
    Object.fromEntries(classNames.map((name, index) => [name, expected[index] ?? NaN])),
  )
  return expected
}

/** The model's input for a picture. The browser decodes it, because Node can't. */
async function decode(png: Uint8Array): Promise<tf.Tensor4D> {
  const pixels = await page.evaluate(async (bytes) => {
    const bitmap = await createImageBitmap(new Blob([Uint8Array.from(bytes)]))
    const drawn = new OffscreenCanvas(bitmap.width, bitmap.height).getContext('2d')
    drawn?.drawImage(bitmap, 0, 0)
    return Array.from(drawn?.getImageData(0, 0, bitmap.width, bitmap.height).data ?? [])
  }, Array.from(png))
  const rgb = pixels.filter((_, i) => i % 4 < 3).map((value) => value / 127 - 1)
  return tf.tensor4d(rgb, [1, side, side, 3])
}

/** The gradient of the cross-entropy, by the tape of TensorFlow.js. */
function gradientOf(model: tf.LayersModel, x: tf.Tensor, label: number): number[] {
  const { grads } = tf.variableGrads(() => {
    const outputs = model.apply(x) as tf.Tensor2D
    return tf.neg(tf.log(outputs.slice([0, label], [1, 1]))).asScalar()
  })
  return Object.keys(grads)
    .sort()
    .flatMap((name) => Array.from(grads[name]?.dataSync() ?? []))
}

function cosine(a: readonly number[], b: readonly number[]): number {
  const dot = (u: readonly number[], v: readonly number[]): number =>
    u.reduce((sum, value, i) => sum + value * (v[i] ?? NaN), 0)
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b))
}

test('a table and an ONNX regression are explained, after a choice between two scalings', async () => {
  const rows = Array.from({ length: 40 }, (_, i) => [i % 7, i % 5, (i % 7) + 2 * (i % 5)])
  const csv = [['a', 'b', 'sum'], ...rows].map((row) => row.join(',')).join('\n')
  await yours.give('data', { 'rows.csv': new TextEncoder().encode(csv) })
  await yours.about('data', '40 rows of rows.csv, with the columns a, b, sum')
  await yours.give('model', {
    'sum.onnx': denseModel({ weights: [[[1.1], [1.8]], [0.3]], activations: ['linear'] }),
  })
  await yours.about('model', 'ONNX')
  await yours.settled('Training example no. 3, whose label is 9')
  await page.locator('#match .change').click()
  await page.locator('.options', { hasText: /off by 0\.\d+ on average, for 24 examples/ }).waitFor()
  await page.locator('#own input').first().fill('3')
  await page.locator('#own input').nth(1).fill('4')
  await page.locator('#own input').nth(2).fill('12')
  await page.getByRole('button', { name: 'Ask' }).click()
  await yours.settled('Your own row')
  await page
    .locator('#explainer .verdict', { hasText: 'The model says 10.8; the true value is 12.' })
    .waitFor()
  const bars = await page
    .locator('#explainer gl-attribution-bars')
    .evaluate((element) => element.shadowRoot?.textContent ?? '')
  expect(bars).toMatch(/\+3\.3/)
  expect(bars).toMatch(/\+7\.2/)
  await checkReport()
  expect(await runProject(host.browser, await yours.save('#save-code'))).toEqual(
    await yours.scores(),
  )
  await checkKept()
  await page.locator('#own input').first().fill('three')
  await page.getByRole('button', { name: 'Ask' }).click()
  await yours.about('ask', "'three' in the field 'a' is not a number")
  // The former answer stays, with its question.
  await yours.settled('no. ')
  await yours.look('yours-table')
})

/** The report shows the explanations without a network. */
async function checkReport(): Promise<void> {
  const html = readFileSync(await yours.save('#save-report'), 'utf8')
  const offline = await host.browser.newContext({ offline: true })
  const report = await offline.newPage()
  const errors: string[] = []
  report.on('pageerror', ({ message }) => errors.push(message))
  await report.setContent(html)
  await report.locator('gl-attribution-bars', { hasText: '+7.2' }).waitFor()
  await report.locator('gl-similar-examples').waitFor()
  expect(errors).toEqual([])
  await offline.close()
}

/** What is kept is there after a new visit, with the same scores, until it is deleted. */
async function checkKept(): Promise<void> {
  const asked = await yours.askOffered(2)
  const expected = await yours.scores()
  await page.check('#keep')
  const kept = page.locator('#kept li')
  await kept.filter({ hasText: 'sum.onnx with 40 examples' }).waitFor()
  await yours.settled(asked)
  await page.reload()
  await page.getByRole('button', { name: /^Open/ }).click()
  await yours.about('data', '40 rows of rows.csv')
  await yours.settled('Training example no. 3, whose label is 9')
  expect(await yours.askOffered(2)).toBe(asked)
  expect(await yours.scores()).toEqual(expected)
  expect(await page.isChecked('#keep')).toBe(true)
  await page.getByRole('button', { name: /^Delete/ }).click()
  await kept.first().waitFor({ state: 'detached' })
  await yours.settled(asked)
  expect(await yours.scores()).toEqual(expected)
  expect(await page.isChecked('#keep')).toBe(false)
}
