import { readFileSync } from 'node:fs'
import path from 'node:path'
import * as tf from '@tensorflow/tfjs'
import { unzipSync } from 'fflate'
import type { Page } from 'playwright'
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { savedGraph } from '../../../support/models/saved-graph.js'
import { seededRandom } from '../../../support/random.js'
import { colorModel } from '../../../support/yours/color-model.js'
import { exportModel, writeNpy, zip, type Files } from '../../../support/yours/dropped.js'
import { hostDemo } from '../hosted-demo.js'
import { YoursPage } from './yours-page.js'
import { runProject } from './yours-project.js'

const root = path.resolve(import.meta.dirname, '../../../..')

const host = hostDemo()
let page: Page
let yours: YoursPage

beforeAll(() => tf.setBackend('cpu'))

beforeEach(async () => {
  yours = await YoursPage.open(host)
  ;({ page } = yours)
})

afterEach(() => yours.leave())

/** Models by Keras, with what it makes of some texts; see tests/peers/keras_models.py. */
const archive = unzipSync(readFileSync(path.join(root, 'tests/unit/demo/yours/keras-models.zip')))
const keras = (
  JSON.parse(new TextDecoder().decode(archive['answers.json'])) as {
    readonly models: { readonly text: { readonly texts: string[]; readonly outputs: number[] } }
  }
).models.text

const text = (content: string): Uint8Array => new TextEncoder().encode(content)

/** Gives files one after the other, and waits for what the page says about each. */
async function refuse(
  zone: 'model' | 'data',
  refusals: readonly (readonly [Files, string])[],
): Promise<void> {
  for (const [given, message] of refusals) {
    await yours.give(zone, given)
    await page.locator(`#${zone}-about [role=alert]`, { hasText: message }).waitFor()
  }
}

test("files that can't be used are refused in place, with the way out", async () => {
  const files = await exportModel(colorModel())
  const weights = files['weights.bin'] ?? new Uint8Array()
  const unknown = new TextDecoder().decode(files['model.json']).replaceAll('Conv2D', 'Conv9D')
  const whole = zip(files)
  await refuse('model', [
    [
      { 'model.json': files['model.json'] ?? weights },
      "model.json needs weights.bin, which isn't there",
    ],
    [
      { ...files, 'weights.bin': weights.subarray(4) },
      'weights.bin has 700 bytes, but model.json describes weights of 704',
    ],
    [{ ...files, 'model.json': text(unknown) }, "has a Conv9D, which TensorFlow.js doesn't know"],
    [
      { ...files, 'model.json': files['model.json']?.subarray(0, 99) ?? weights },
      'is not valid JSON, so it may be cut off',
    ],
    [{ 'model.zip': whole.subarray(0, whole.length - 99) }, "model.zip can't be unpacked"],
    [{ 'model.keras': weights }, "model.keras can't be unpacked"],
    [{ 'model.h5': weights }, 'model.h5 is a Keras 2 file'],
    [{ 'saved_model.pb': weights }, 'tensorflowjs_converter'],
    [{ 'net.pth': weights }, 'torch.onnx.export'],
    [{ 'model.onnx': weights }, "can't be read as an ONNX model"],
    [{ 'notes.txt': weights }, 'No model was found in notes.txt'],
  ])
  const broken = Uint8Array.of(1, 2, 3)
  await refuse('data', [
    [{ 'net.onnx': weights }, 'This is a model'],
    [{ 'rows.csv': text('a,b\n1,2\n3') }, 'rows.csv, row 2: 1 cells'],
    [{ 'rows.jsonl': text('{"a":1}\n{"a":') }, 'rows.jsonl, line 2 is not valid JSON'],
    [{ 'x.npy': broken }, 'x.npy is not a .npy file'],
    [{ 'pictures.zip': broken }, "pictures.zip can't be unpacked"],
  ])
  // They leave nothing behind.
  await yours.give('model', files)
  await yours.about('model', 'TensorFlow.js layers model')
  await yours.give('data', { 'broken.png': broken })
  await yours.about('data', '1 picture')
  await page.locator('#match [role=alert]', { hasText: "can't decode broken.png" }).waitFor()
})

test('a sample whose loading was cancelled is loaded when the visitor asks for it again', async () => {
  const leaveUnanswered = (): void => undefined
  // The page asks the server itself, or its service worker does once that has started.
  await page.context().route('**/mnist/**', leaveUnanswered, { times: 1 })
  await page.click('#try-digits')
  const job = page.locator('#model-job')
  await job.getByRole('button', { name: 'Cancel' }).click()
  await job.getByRole('button', { name: 'Compute anyway' }).click()
  await yours.about('data', '1,000 examples')
  await yours.about('match', '1,000 examples fit the model')
})

/** The pixels of some pictures, [24, 8, 8, 3], and their classes. */
const random = seededRandom(3)
const count = 24
const pixels = Uint8Array.from({ length: count * 8 * 8 * 3 }, () => Math.floor(256 * random()))
const classes = Uint8Array.from({ length: count }, (_, index) => index % 4)

/** Texts with labels, one JSON object a line. */
const texts = [
  'A fine day',
  'a bad day',
  'Fine!',
  'bad, bad',
  'a day',
  'unknown',
  'fine bad',
  'day',
]
const jsonl = texts.map((line, i) => JSON.stringify({ text: line, label: ['no', 'yes'][i % 2] }))

test('a graph model from a folder with arrays, then a Keras model with JSONL, and a pasted text', async () => {
  const folder = path.join(root, 'tests/fixtures/converted-net')
  await page.locator('#model-drop [data-folder]').setInputFiles(folder)
  await yours.about('model', 'TensorFlow.js graph model')
  await yours.give('data', {
    'x.npy': writeNpy('|u1', [count, 8, 8, 3], pixels),
    'y.npy': writeNpy('|u1', [count], classes),
  })
  await page
    .locator('#input-choices .note', { hasText: /right for \d+ of 24/ })
    .last()
    .waitFor()
  await page.getByLabel('0 to 1', { exact: false }).first().check()
  await yours.settled('Training example no. 2, whose label is 2')
  const graph = await savedGraph('converted-net')
  const x = tf.tensor4d(
    Float32Array.from(pixels.subarray(2 * 192, 3 * 192), (v) => v / 255),
    [1, 8, 8, 3],
  )
  const outputs = (graph.predict(x) as tf.Tensor).dataSync()
  await yours.predicts(Object.fromEntries(Array.from(outputs, (value, i) => [String(i), value])))
  x.dispose()
  expect(await runProject(host.browser, await yours.save('#save-code'))).toEqual(
    await yours.scores(),
  )
  await refuse('data', [[{ 'rows.csv': text('a,b\n1,2\n3') }, 'rows.csv, row 2: 1 cells']])
  await yours.about('data', '24 examples')
  await yours.settled('Training example no. 2, whose label is 2')

  await yours.give('model', { 'text.keras': archive['text.keras'] ?? new Uint8Array() })
  await page.locator('#match-about [role=alert]').waitFor()
  await yours.give('data', { 'texts.jsonl': text(jsonl.join('\n')) })
  await yours.settled('Training example no. 0, whose label is no')
  await page.evaluate((own) => navigator.clipboard.writeText(own), keras.texts[0] ?? '')
  await page.locator('#own textarea').focus()
  await page.keyboard.press('Control+A')
  await page.keyboard.press('Control+V')
  await page.getByRole('button', { name: 'Ask' }).click()
  await yours.settled('Your own text')
  await yours.predicts({ no: keras.outputs[0] ?? NaN, yes: keras.outputs[1] ?? NaN })
  expect(await runProject(host.browser, await yours.save('#save-code'))).toEqual(
    await yours.scores(),
  )
})
