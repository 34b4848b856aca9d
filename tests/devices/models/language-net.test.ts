import { Gradient, IntegratedGradients } from 'gradlens'
import { tfjsPredictor } from 'gradlens/tfjs'
import lande from 'lande'
import { beforeAll, describe, expect, it } from 'vitest'
import { type DenseLayer, densePredictor } from '../../support/models/dense-net.js'
import { devices, useDevice } from '../../support/devices/devices.js'
import { expectNear, rowOf } from '../../support/references/differences.js'
import { languageNet } from '../../support/models/language-net.js'
import { sequentialOf } from '../../support/models/tfjs-nets.js'

/** For probabilities: the softmax of TensorFlow.js on wasm is exact to 2e-4 of them, and its logits to 1e-6. */
const predictionTolerance = 1e-4

/** Float32 against float64, relative to the largest of them: sums over 120 and 50. */
const gradientTolerance = 1e-5

/** Its relus have corners, which 50 steps meet but in part. */
const completenessTolerance = 1e-2

/** Sentences, and n-grams that are common in their language and rare in the others; `lande` is right about each. */
const sentences = [
  { text: 'In che lingua è scritta questa frase?', language: 'ita', common: ['è', ' il ', 'to '] },
  { text: 'Dans quelle langue est écrite cette phrase?', language: 'fra', common: ['ou', 'est '] },
  {
    text: 'In welcher Sprache ist dieser Satz geschrieben?',
    language: 'deu',
    common: ['ei', 'ich'],
  },
  { text: 'What language is this sentence written in?', language: 'eng', common: ['th', ' the'] },
  {
    text: 'На каком языке написано это предложение?',
    language: 'rus',
    common: ['ы', 'ь ', ' что'],
  },
]

const net = languageNet()
const x = sentences.map(({ text }) => net.inputOf(text))
const target = sentences.map(({ language }) => net.languages.indexOf(language))

/** Its logits: where it is sure, the slope of a probability is what float32 leaves of 1 − p. */
const logits = net.layers.map((layer): DenseLayer => {
  return layer.activation === 'softmax' ? { ...layer, activation: 'linear' } : layer
})

const largestOf = (numbers: readonly number[]): number => Math.max(...numbers.map(Math.abs))

/** Attributions of a net that others have trained, on every device. */

describe.each(devices)('a pretrained language detector on %s', (device) => {
  beforeAll(() => useDevice('cpu'))

  it('has the outputs of its own package', async () => {
    const session = await tfjsPredictor(sequentialOf(net.layers)).open(device, {
      allowSoftware: true,
    })
    const array = { data: Float32Array.from(x.flat()), shape: [x.length, net.ngrams.length] }
    const predictions = await session.predict([array], {})
    session[Symbol.dispose]()
    for (const [i, { text, language }] of sentences.entries()) {
      const answers = new Map<string, number>(lande(text))
      expect([...answers.keys()][0]).toBe(language)
      const expected = net.languages.map((one) => answers.get(one) ?? NaN)
      expectNear(rowOf(predictions, i), expected, predictionTolerance)
    }
  })

  it('has the gradients and integrated gradients of the same net in plain float64', async () => {
    const predictor = tfjsPredictor(sequentialOf(logits))
    const [one, index] = [x[0]!, target[0]!]
    using gradient = new Gradient(predictor, { device })
    using path = new IntegratedGradients(predictor, { device, nSteps: 3 })
    using inFloat64 = new Gradient(densePredictor(logits), { device: 'cpu' })
    using pathInFloat64 = new IntegratedGradients(densePredictor(logits), {
      device: 'cpu',
      nSteps: 3,
    })
    const pairs = [
      [await gradient.explain(x, { target }), await inFloat64.explain(x, { target })],
      [
        await path.explain(one, { target: index }),
        await pathInFloat64.explain(one, { target: index }),
      ],
    ] as const
    for (const [{ attributions }, reference] of pairs) {
      const expected = [...reference.attributions[0]!.data]
      expectNear(attributions[0]!.data, expected, gradientTolerance * largestOf(expected))
    }
  })

  it('finds its evidence in what is common in the language', async () => {
    using explainer = new Gradient(tfjsPredictor(sequentialOf(net.layers)), { device })
    const { attributions } = await explainer.explain(x, { target })
    for (const [i, { common }] of sentences.entries()) {
      const gradients = rowOf(attributions[0]!, i)
      const strongest = [...gradients.keys()].sort((p, q) => gradients[q]! - gradients[p]!)
      const ngrams = strongest.slice(0, 15).map((k) => net.ngrams[k])
      expect(ngrams).toEqual(expect.arrayContaining(common))
    }
  })
})

// Its hundreds of points are too many for an emulated GPU.
describe.each(devices.filter((device) => device !== 'webgpu'))(
  'a pretrained language detector, asked along paths on %s,',
  (device) => {
    beforeAll(() => useDevice('cpu'))

    it('attributes its answer to n-grams of the sentence, whose shares add up to it', async () => {
      using explainer = new IntegratedGradients(tfjsPredictor(sequentialOf(net.layers)), {
        device,
      })
      const { attributions, deltas } = await explainer.explain(x, { target })
      expectNear(deltas.data, [0, 0, 0, 0, 0], completenessTolerance)
      for (const [i, shares] of x.entries()) {
        const values = rowOf(attributions[0]!, i)
        const absent = values.filter((_, k) => shares[k] === 0)
        expect(absent.every((value) => value === 0)).toBe(true)
        expect(Math.max(...values)).toBeGreaterThan(0.05)
      }
    })
  },
)
