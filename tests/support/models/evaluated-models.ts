import type { NdArray, Predictor, PredictorSession } from 'gradlens'
import { densePredictor } from './dense-net.js'
import { seededRandom, uniform } from '../random.js'

/** The predictor, and the inputs of each of its calls. */
export function recorded(predictor: Predictor<NdArray>): {
  predictor: Predictor<NdArray>
  calls: NdArray[][]
} {
  const calls: NdArray[][] = []
  const open: Predictor<NdArray>['open'] = async (...how) => {
    const session = await predictor.open(...how)
    const predict: PredictorSession<NdArray>['predict'] = (inputs, further) => {
      calls.push(inputs.map(({ data, shape }) => ({ data: data.slice(), shape })))
      return session.predict(inputs, further)
    }
    return new Proxy(session, {
      get(target, key) {
        if (key === 'predict') return predict
        const value: unknown = Reflect.get(target, key, target)
        return typeof value === 'function' ? (value.bind(target) as unknown) : value
      },
    })
  }
  return { predictor: { ...predictor, open }, calls }
}

/** Five inputs, three tanh, two outputs. */
export function tanhNet(seed: number): Predictor<NdArray> {
  const random = seededRandom(seed)
  const matrix = (rows: number, columns: number): number[][] =>
    Array.from({ length: rows }, () => [...uniform(random, columns, [-1, 1])])
  return densePredictor([
    { kernel: matrix(5, 3), bias: [0.1, 0, -0.2], activation: 'tanh' },
    { kernel: matrix(3, 2), bias: [0, 0.5], activation: 'linear' },
  ])
}
