import type * as tf from '@tensorflow/tfjs'
import type { LossName, NdArray, Predictor } from 'gradlens'
import { tfjsPredictor } from 'gradlens/tfjs'
import { beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest'
import { createDistilBert, embeddingNode } from '../../../bench/models/distilbert.js'
import { createMobileNetV2 } from '../../../bench/models/mobilenet-v2.js'
import { createBags, createNewsgroups } from '../../../bench/models/newsgroups.js'
import { createResNet50 } from '../../../bench/models/resnet-50.js'
import { useDevice } from '../../support/devices/devices.js'
import { peakWasmBytes } from '../../support/devices/wasm-bytes.js'
import { lossGradients } from '../../support/gradients/host-block.js'
import { disposedAfterTest } from '../../support/models/models.js'
import { seededRandom, uniform } from '../../support/random.js'

const exampleCount = 4

interface Measured {
  readonly title: string
  readonly create: () => Promise<Predictor<tf.Tensor>>
  readonly x: () => NdArray[]
  readonly loss: LossName
  /** The layer of attributions. Undefined: the input. */
  readonly layer?: string
  /** The most bytes of tensors per example: 10 % above what was measured in 2026-11. */
  readonly limits: { readonly lossGradients: number; readonly inputGradients: number }
}

const ofLayers = (model: tf.LayersModel): Promise<Predictor<tf.Tensor>> =>
  Promise.resolve(tfjsPredictor(disposedAfterTest(model)))

const images = (): NdArray[] => [
  {
    data: uniform(seededRandom(1), exampleCount * 64 * 64 * 3, [-1, 1]),
    shape: [exampleCount, 64, 64, 3],
  },
]

const smallEncoder = {
  vocabulary: 1000,
  length: 32,
  width: 128,
  heads: 4,
  hidden: 512,
  layers: 2,
  classes: 2,
}

/** The models of the benchmark, small. */
const measured: readonly Measured[] = [
  {
    title: 'MobileNetV2 of 64 × 64 pixels',
    create: () => ofLayers(createMobileNetV2(64, 10)),
    x: images,
    loss: 'sparseCategoricalCrossentropy',
    limits: { lossGradients: 13_100_000, inputGradients: 10_200_000 },
  },
  {
    title: 'ResNet50 of 64 × 64 pixels with a quarter of the channels',
    create: () => ofLayers(createResNet50(64, 10, 1 / 4)),
    x: images,
    loss: 'sparseCategoricalCrossentropy',
    limits: { lossGradients: 6_600_000, inputGradients: 5_100_000 },
  },
  {
    title: 'DistilBERT with 2 layers of 128',
    create: async () => {
      const model = await createDistilBert(smallEncoder)
      onTestFinished(() => {
        model.dispose()
      })
      return tfjsPredictor(model)
    },
    x: () => {
      const size = exampleCount * smallEncoder.length
      const shape = [exampleCount, smallEncoder.length]
      const ids = Int32Array.from({ length: size }, (_, k) => (k * 7919) % smallEncoder.vocabulary)
      return [ids, new Int32Array(size).fill(1)].map((data) => ({ data, shape }))
    },
    loss: 'sparseCategoricalCrossentropyFromLogits',
    layer: embeddingNode,
    limits: { lossGradients: 3_600_000, inputGradients: 3_250_000 },
  },
  {
    title: 'the 20 newsgroups MLP',
    create: () => ofLayers(createNewsgroups()),
    x: () => [createBags(exampleCount)],
    loss: 'sparseCategoricalCrossentropy',
    limits: { lossGradients: 48_000, inputGradients: 90_000 },
  },
]

/** Bytes don't depend on how busy the machine is, as times do. */
describe('on wasm, a batch takes one pass within a limit of bytes:', () => {
  beforeAll(() => useDevice('cpu'))

  it.each(measured)('loss gradients of $title', { timeout: 60_000 }, async (each) => {
    const { create, x, loss, limits } = each
    const predictor = await create()
    using session = await predictor.open('wasm', { allowSoftware: true })
    const labels = Int32Array.from({ length: exampleCount }, (_, k) => k % 2)
    const y = { data: labels, shape: [exampleCount] }
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined)
    // The first call also compares the pass with single examples.
    await lossGradients(session, x(), y, loss)
    const peak = await peakWasmBytes(() => lossGradients(session, x(), y, loss))
    const warnings = warn.mock.calls.map(([message]) => String(message))
    warn.mockRestore()
    expect(warnings.filter((message) => message.includes('one example at a time'))).toEqual([])
    expect(peak / exampleCount).toBeLessThanOrEqual(limits.lossGradients)
  })

  it.each(measured)('input gradients of $title', { timeout: 60_000 }, async (each) => {
    const { create, x, layer, limits } = each
    const predictor = await create()
    using session = await predictor.open('wasm', { allowSoftware: true })
    const targets = new Int32Array(exampleCount)
    const site = layer === undefined ? undefined : predictor.findLayer!('layer', layer, 'outputs')
    const attribute = (): Promise<unknown> =>
      site === undefined
        ? session.inputGradients(x(), targets, {})
        : session.activationGradients!(x(), targets, {}, { sites: [site] })
    // The first call also checks that the model keeps examples apart.
    await attribute()
    const peak = await peakWasmBytes(attribute)
    expect(peak / exampleCount).toBeLessThanOrEqual(limits.inputGradients)
  })
})
