import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import * as tf from '@tensorflow/tfjs'
import type { Frame } from 'playwright'
import { beforeAll, expect, it } from 'vitest'
import { encodeFrame } from 'gradlens/frame'
import { writeModelFiles, writeNpy } from '../../support/cli.js'
import { digitExplanation } from '../../support/elements/element-fixtures.js'
import { computePercentages, convClassifier } from '../../support/onnx/conv-classifier.js'
import { seededRandom, uniform } from '../../support/random.js'
import { expectNoOtherRequests, hostile, hostReports, screenshotFile } from './hosted-reports.js'
import { places, placesWithoutScripts, type Report } from './report-places.js'

/** Without the weights and the examples, which have less than 20 kB here. */
const mostBytes = 1_200_000

/** Numbers of 8 × 8 pixels. */
const [size, exampleCount, trainCount] = [8, 2, 12]

const host = hostReports()
let report: Report
/** TensorFlow.js's own answers in this process: of each example, the percentage of each class. */
let percentages: string[][]

beforeAll(async () => {
  await tf.setBackend('cpu')
  await writeInputs()
  const printed = host.run(
    ...['digit.safetensors', '--out', 'report.html', '--title', hostile, '--live'],
    ...['--model', 'model', '--x', 'x.npy', '--x-train', 'x-train.npy', '--y-train', 'y.npy'],
    ...['--loss', 'sparseCategoricalCrossentropy', '--sim-fn', 'grad_cos', '--top-k', '3'],
    ...['--labels', `zero, ${hostile}, two`],
  )
  expect(printed).toMatch(/^report\.html: one explanation and a model, \d+ kB\.\n$/)
  report = host.serve('report.html')
})

/** A model with seeded weights, its examples, and an explanation that is shown as it is. */
async function writeInputs(): Promise<void> {
  const random = seededRandom(3)
  const model = tf.sequential({
    layers: [
      tf.layers.conv2d({
        inputShape: [size, size, 1],
        filters: 3,
        kernelSize: 3,
        activation: 'relu',
      }),
      tf.layers.flatten(),
      tf.layers.dense({ units: 3, activation: 'softmax' }),
    ],
  })
  model.setWeights(
    model.getWeights().map(({ shape }) => {
      const count = shape.reduce((product, length) => product * length, 1)
      return tf.tensor(Float32Array.from(uniform(random, count, [-0.3, 0.3])), shape)
    }),
  )
  const modelTopology = model.toJSON(null, false) as object
  writeModelFiles(
    path.join(host.folder, 'model'),
    { format: 'layers-model', modelTopology },
    model.weights.map((weight) => ({
      name: weight.originalName,
      shape: weight.shape as number[],
      data: weight.read().dataSync() as Float32Array,
    })),
  )
  const x = Float32Array.from(uniform(random, exampleCount * size * size, [0, 1]))
  const xTrain = Float32Array.from(uniform(random, trainCount * size * size, [0, 1]))
  writeNpy(path.join(host.folder, 'x.npy'), '<f4', [exampleCount, size, size, 1], x)
  writeNpy(path.join(host.folder, 'x-train.npy'), '<f4', [trainCount, size, size, 1], xTrain)
  writeNpy(
    path.join(host.folder, 'y.npy'),
    '<i4',
    [trainCount],
    Int32Array.from({ length: trainCount }, (_, i) => i % 3),
  )
  const predicted = model.predict(tf.tensor(x, [exampleCount, size, size, 1])) as tf.Tensor2D
  percentages = (await predicted.array()).map((each) =>
    each.map((share) => (share * 100).toFixed(1)),
  )
  tf.disposeVariables()
  writeFileSync(path.join(host.folder, 'digit.safetensors'), encodeFrame(digitExplanation()))
}

/** The places without a worker or wasm, and where the model runs there. */
const restricted: Readonly<
  Record<string, { readonly device: string; readonly isOnPage: boolean }>
> = {
  'a policy of inline scripts alone': { device: 'plain JavaScript', isOnPage: true },
  'a policy of hashed scripts alone': { device: 'plain JavaScript', isOnPage: true },
}

/** The text of the explainer, with that of the elements in it. */
const readText = (shown: Frame): Promise<string> =>
  shown.locator('gl-explainer').evaluate((explainer) => {
    const read = (node: Node): string => {
      if (node instanceof HTMLStyleElement) return ''
      const inner = node instanceof Element && node.shadowRoot ? read(node.shadowRoot) : ''
      return inner + (node instanceof Text ? node.data : [...node.childNodes].map(read).join(' '))
    }
    return read(explainer)
  })

/** Waits until the explainer shows these texts. */
async function waitForTexts(shown: Frame, texts: readonly string[]): Promise<void> {
  await expect
    .poll(async () => {
      const text = await readText(shown)
      return texts.filter((each) => !text.includes(each))
    })
    .toEqual([])
}

it.each(Object.keys(places))('computes in %s', async (name) => {
  const { device, isOnPage } = restricted[name] ?? { device: 'Runs on WASM', isOnPage: false }
  await host.visit(places[name]!(report), async ({ shown, page, faults, requests }) => {
    await shown.locator('gl-explainer gl-attribution-image figcaption').waitFor()
    await waitForTexts(shown, [
      ...percentages[0]!,
      device,
      hostile,
      'three most similar training examples',
    ])
    const note = await shown.locator('section > p.note').textContent()
    expect(note?.includes("on the page's own thread")).toBe(isOnPage)
    expect(await shown.title()).toBe(hostile)
    expect(faults).toEqual([])
    expectNoOtherRequests(requests, host.server)
    if (name !== 'a file') return
    await shown.getByRole('spinbutton', { name: 'Example' }).fill('2')
    await shown.getByRole('spinbutton', { name: 'Example' }).press('Tab')
    await waitForTexts(shown, percentages[1]!)
    await page.screenshot({ path: screenshotFile('report-computes'), fullPage: true })
  })
})

it("computes on the page's thread with wasm if only workers are refused", async () => {
  await host.visit(
    host.server.serve('no-workers', report.html, {
      'content-security-policy': "worker-src 'none'",
    }),
    async ({ shown }) => {
      await waitForTexts(shown, [...percentages[0]!, 'Runs on WASM'])
      expect(await shown.locator('section > p.note').textContent()).toBe(
        "This page may not start workers, so the model runs on the page's own thread. The page can be slow while it computes.",
      )
    },
  )
})

it.each(Object.keys(placesWithoutScripts))('shows the stills in %s', async (name) => {
  await host.visit(placesWithoutScripts[name]!(report), async ({ shown }) => {
    expect(await shown.locator('gl-explanation > figure:visible').count()).toBe(1)
    expect(await shown.locator('section > p.note').textContent()).toContain('Where scripts may run')
    expect(await shown.locator('gl-explainer').count()).toBe(0)
  })
})

it('computes an ONNX model, which the page converts', async () => {
  const random = seededRandom(4)
  const bytes = convClassifier(random, 1)
  writeFileSync(path.join(host.folder, 'net.onnx'), bytes)
  const x = Float32Array.from(uniform(random, exampleCount * size * size, [0, 1]))
  const shape = [exampleCount, 1, size, size]
  const expected = await computePercentages(bytes, x, shape)
  const xTrain = Float32Array.from(uniform(random, trainCount * size * size, [0, 1]))
  writeNpy(path.join(host.folder, 'images.npy'), '<f4', shape, x)
  writeNpy(path.join(host.folder, 'train-images.npy'), '<f4', [trainCount, 1, size, size], xTrain)
  const printed = host.run(
    ...['--live', '--out', 'onnx.html', '--model', 'net.onnx', '--x', 'images.npy'],
    ...['--x-train', 'train-images.npy', '--y-train', 'y.npy', '--top-k', '3'],
    ...['--loss', 'sparseCategoricalCrossentropy', '--labels', 'zero, one, two'],
  )
  expect(printed).toMatch(/^onnx\.html: a model, \d+ kB\.\n$/)
  const file = path.join(host.folder, 'onnx.html')
  expect(sizeWithoutModel(readFileSync(file, 'utf8'))).toBeLessThanOrEqual(mostBytes)
  await host.visit(pathToFileURL(file).href, async ({ shown, page, faults }) => {
    await waitForTexts(shown, [
      ...expected.slice(0, 3),
      'Runs on WASM',
      'three most similar training examples',
    ])
    await shown.locator('gl-explainer gl-attribution-image figcaption').waitFor()
    await shown.getByRole('spinbutton', { name: 'Example' }).fill('2')
    await shown.getByRole('spinbutton', { name: 'Example' }).press('Tab')
    await waitForTexts(shown, expected.slice(3))
    await shown.locator('gl-explainer gl-attribution-image figcaption').waitFor()
    await page.screenshot({ path: screenshotFile('report-onnx'), fullPage: true })
    expect(faults).toEqual([])
  })
})

/** The bytes of a page besides its model and its examples. */
function sizeWithoutModel(text: string): number {
  const [, content = ''] =
    /<script type="application\/x-gradlens-live">([^<]+)<\/script>/.exec(text) ?? []
  expect(content.length).toBeGreaterThan(0)
  return Buffer.byteLength(text) - content.length
}

it('has at most 1.2 MB without the weights and the examples', () => {
  expect(sizeWithoutModel(report.html)).toBeLessThanOrEqual(mostBytes)
})
