import { readFileSync } from 'node:fs'
import path from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { tokenize } from '../../../../demo/yours/data/tokenize.js'
import type { NamedFile } from '../../../../demo/yours/files/named-file.js'
import { readZip } from '../../../../demo/yours/files/unzip.js'
import '../../../../demo/yours/models/keras/open-keras.js'
import { openModel } from '../../../../demo/yours/models/open-model.js'
import type { OpenedModel } from '../../../../demo/yours/models/opened-model.js'
import { zip } from '../../../support/yours/dropped.js'

interface Answer {
  readonly shape: readonly number[]
  readonly x: readonly number[]
  readonly texts: readonly string[]
  readonly outputs: readonly number[]
}

/** For outputs between −10 and 10 in float32, with sums in another order. */
const tolerance = 5e-6

/** Models and their outputs by Keras, from tests/peers/keras_models.py. */
const archive = await readZip({
  path: 'keras-models.zip',
  blob: new Blob([readFileSync(path.join(import.meta.dirname, 'keras-models.zip'))]),
})
const find = (name: string): NamedFile => {
  const file = archive.find((own) => own.path === name)
  if (file === undefined) throw new Error(`The archive has no ${name}.`)
  return file
}
const { models } = JSON.parse(await find('answers.json').blob.text()) as {
  readonly models: Readonly<Record<string, Answer>>
}

let opened: OpenedModel | undefined

afterEach(() => {
  opened?.dispose()
  opened = undefined
})

async function run({ x, shape }: Pick<Answer, 'x' | 'shape'>): Promise<readonly number[]> {
  if (opened === undefined) throw new Error('There is no model.')
  const { outputs } = opened.facts
  const predictor = await opened.createPredictor(outputs[0]?.name ?? '')
  using session = await predictor.open('cpu', { allowSoftware: true })
  const { data } = await session.predict([{ data: Float32Array.from(x), shape }], {})
  return Array.from(data)
}

function expectClose(given: readonly number[], expected: readonly number[]): void {
  expect(given).toHaveLength(expected.length)
  given.forEach((value, i) => {
    expect(Math.abs(value - (expected[i] ?? NaN))).toBeLessThan(tolerance)
  })
}

describe('a .keras file', () => {
  const names = Object.keys(models).filter((name) => !['text', 'refused'].includes(name))

  test.each(names)('has the outputs of Keras: %s', async (name) => {
    opened = await openModel([find(`${name}.keras`)])
    expect(opened.facts.format).toMatch(/^Keras 3/)
    const answer = models[name]
    if (answer === undefined) throw new Error(name)
    expectClose(await run(answer), answer.outputs)
  })

  test('that takes texts has its vocabulary, and the outputs of Keras for texts', async () => {
    opened = await openModel([find('text.keras')])
    const { text, inputs, embedding } = opened.facts
    expect(inputs).toMatchObject([{ shape: [6], dtype: 'int32' }])
    expect(embedding).toMatch(/^embedding/)
    const { texts = [], outputs = [] } = models['text'] ?? {}
    if (text === undefined) throw new Error('There is no vocabulary.')
    const x = texts.flatMap((own) => tokenize(own, text).ids)
    expectClose(await run({ x, shape: [texts.length, 6] }), outputs)
  })

  test('with a layer that TensorFlow.js computes differently is refused by name', async () => {
    await expect(openModel([find('refused.keras')])).rejects.toThrow(
      /the layer 'gru\w*' \(GRU\) with reset_after=True\. Build the layer with reset_after=False/,
    )
  })

  test('that is incomplete or older is refused', async () => {
    const inner = await readZip(find('nested.keras'))
    const files: Record<string, Uint8Array> = {}
    for (const { path: name, blob } of inner) files[name] = new Uint8Array(await blob.arrayBuffer())
    const pack = (changes: Record<string, Uint8Array | undefined>): NamedFile => {
      const entries = Object.entries({ ...files, ...changes })
      const present = entries.filter(
        (entry): entry is [string, Uint8Array] => entry[1] !== undefined,
      )
      return { path: 'm.keras', blob: new Blob([zip(Object.fromEntries(present)) as BlobPart]) }
    }
    const text = (value: string): Uint8Array => new TextEncoder().encode(value)
    const config = new TextDecoder().decode(files['config.json'])
    for (const [file, message] of [
      [pack({ 'config.json': undefined }), 'm.keras has no config.json'],
      [pack({ 'metadata.json': text('{"keras_version":"2.15.0"}') }), 'was saved by Keras 2.15.0'],
      [pack({ 'model.weights.h5': text('no weights') }), 'is not an HDF5 file'],
      [
        pack({ 'config.json': text(config.replaceAll('"Concatenate"', '"Attention"')) }),
        /no equal of the layer 'concatenate\w*' \(Attention\)/,
      ],
      [
        pack({ 'config.json': text(config.replaceAll('"tanh"', '"hard_tanh"')) }),
        "activation='hard_tanh'",
      ],
    ] as const) {
      await expect(openModel([file])).rejects.toThrow(message)
    }
  })
})
