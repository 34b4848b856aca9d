import * as tf from '@tensorflow/tfjs'
import type { NdArray, Predictor } from 'gradlens'
import { tfjsPredictor } from 'gradlens/tfjs'
import { loadGraph, node, placeholder } from './graph-models.js'
import { disposedAfterTest } from './models.js'
import { seededRandom, uniform } from '../random.js'

const words = ['', 'a', 'fine', 'film', 'dull', 'and', 'long', 'short']
const length = 4
export const texts = ['a fine film', 'dull and long', 'short and fine', 'a dull film', 'long']

export const idsOf = (text: string): number[] => {
  const ids = text.split(' ').map((word) => words.indexOf(word))
  return [...ids, ...new Array<number>(length).fill(0)].slice(0, length)
}

export const encode = (items: string[]): tf.Tensor =>
  tf.tensor2d(items.map(idsOf), [items.length, length], 'int32')

/** A record with the data for a model of two inputs. */
interface Flat {
  readonly rooms: readonly number[]
  readonly address: { readonly near: readonly number[] }
}

export const flats: Flat[] = texts.map((_, i) => {
  const [a, b, ...rooms] = uniform(seededRandom(40 + i), 5, [-1, 1])
  return { rooms, address: { near: [a!, b!] } }
})

/** Returns both tensors, and creates others on the way. */
const columns = (items: Flat[]): tf.Tensor[] => {
  const rooms = tf.tensor2d(items.map((flat) => [...flat.rooms]))
  const near = tf.tensor2d(items.map(({ address }) => [...address.near]))
  return [rooms.mul(2).div(2), near.neg().neg()]
}

interface RawItemCase {
  /** The result of preprocess for all items. */
  readonly x: NdArray | readonly NdArray[]
  /** The same model twice: without and with preprocess. */
  readonly plain: Predictor<tf.Tensor>
  readonly raw: Predictor<tf.Tensor, unknown>
  readonly items: readonly unknown[]
  readonly layer?: string
  /** The number of items of each call, and the page's backend during it. */
  readonly calls: { readonly count: number; readonly backend: string }[]
}

const watched =
  <Item, Result>(calls: RawItemCase['calls'], preprocess: (items: Item[]) => Result) =>
  (items: Item[]): Result => {
    calls.push({ count: items.length, backend: tf.getBackend() })
    return preprocess(items)
  }

export function textModel(): tf.LayersModel {
  const random = seededRandom(51)
  const model = disposedAfterTest(
    tf.sequential({
      layers: [
        tf.layers.embedding({
          inputDim: words.length,
          outputDim: 3,
          inputLength: length,
          name: 'words',
        }),
        tf.layers.dense({ units: 4, activation: 'tanh' }),
        tf.layers.flatten(),
        tf.layers.dense({ units: 3, activation: 'softmax' }),
      ],
    }),
  )
  tf.tidy(() => {
    model.setWeights(
      model.weights.map(({ shape }) => {
        const known = shape as number[]
        return tf.tensor(uniform(random, tf.util.sizeFromShape(known), [-1, 1]), known)
      }),
    )
  })
  return model
}

export function texted(): RawItemCase {
  const model = textModel()
  const calls: RawItemCase['calls'] = []
  return {
    x: { data: Int32Array.from(texts.flatMap(idsOf)), shape: [texts.length, length] },
    plain: tfjsPredictor(model),
    raw: tfjsPredictor(model, { preprocess: watched(calls, encode) }),
    items: texts,
    layer: 'words',
    calls,
  }
}

export function functional(): RawItemCase {
  const model = {
    call: (rooms: tf.Tensor, near: tf.Tensor) =>
      tf.softmax(tf.tanh(rooms).mul(near.sum(1, true)).add(near.prod(1, true))),
    variables: [],
    inputs: [
      { shape: [3], name: 'rooms' },
      { shape: [2], name: 'near' },
    ],
  }
  const calls: RawItemCase['calls'] = []
  return {
    x: [
      { data: Float32Array.from(flats.flatMap(({ rooms }) => rooms)), shape: [flats.length, 3] },
      {
        data: Float32Array.from(flats.flatMap(({ address }) => address.near)),
        shape: [flats.length, 2],
      },
    ],
    plain: tfjsPredictor(model),
    raw: tfjsPredictor(model, { preprocess: watched(calls, columns) }),
    items: flats,
    calls,
  }
}

async function graphed(): Promise<RawItemCase> {
  const model = await loadGraph({
    nodes: [
      placeholder('x', [-1, 3]),
      node('hidden', 'Tanh', ['x']),
      node('logits', 'MatMul', ['hidden', 'kernel']),
      node('probabilities', 'Softmax', ['logits']),
    ],
    weights: { kernel: [3, 3] },
  })
  const calls: RawItemCase['calls'] = []
  const preprocess = watched(calls, (items: Flat[]) => columns(items)[0]!)
  return {
    x: { data: Float32Array.from(flats.flatMap(({ rooms }) => rooms)), shape: [flats.length, 3] },
    plain: tfjsPredictor(model),
    raw: tfjsPredictor(model, { preprocess }),
    items: flats,
    calls,
  }
}

/** Models whose examples are raw items. */
export const rawItemKinds = [
  { kind: 'a LayersModel', build: texted },
  { kind: 'a GraphModel', build: graphed },
  { kind: 'a function', build: functional },
]
