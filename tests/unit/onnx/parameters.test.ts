import { onnxPredictor } from 'gradlens/onnx'
import { describe, expect, it, vi } from 'vitest'
import { float } from '../../../src/onnx/model/attributes.js'
import type { OnnxNode } from '../../../src/onnx/model/onnx-model.js'
import { hostGradients } from '../../support/gradients/host-block.js'
import { bytesOf, floats, integers, nodeOf } from '../../support/onnx/onnx-models.js'
import { nodeRuntimes } from '../../support/onnx/runtimes.js'
import { seededRandom, uniform } from '../../support/random.js'
import { differenceTolerance, fourPoint } from '../../support/references/differences.js'
import { materializedGradients } from '../../support/references/materialized-gradients.js'

const random = seededRandom(6)
const w = uniform(random, 6, [-1, 1])

interface Case {
  /** From x [B, 4, 2] and w [2, 3] to y [B, …]. */
  readonly nodes: readonly OnnxNode[]
  /** The kinds of the segments of w. */
  readonly kinds: readonly string[]
}

const product = (weights: string, x = 'x', output = 'y'): OnnxNode =>
  nodeOf('MatMul', [x, weights], output)

const cases: Readonly<Record<string, Case>> = {
  'a transpose': {
    nodes: [nodeOf('Transpose', ['w'], 't'), nodeOf('Transpose', ['t'], 'v'), product('v')],
    kinds: ['factored'],
  },
  'a reshape': {
    nodes: [nodeOf('Reshape', ['w', 'two'], 'v'), product('v')],
    kinds: ['factored'],
  },
  'a slice of its rows': {
    nodes: [
      nodeOf('Transpose', ['w'], 't'),
      nodeOf('Slice', ['t', 'one', 'three'], 'v'),
      product('v'),
    ],
    kinds: ['factored'],
  },
  'a slice of its columns': {
    nodes: [nodeOf('Slice', ['w', 'one', 'three', 'one'], 'v'), product('v')],
    kinds: ['factored'],
  },
  'a split': {
    nodes: [
      { ...nodeOf('Split', ['w', 'lengths'], 'u', { axis: 1 }), outputs: ['u', 'v'] },
      product('u', 'x', 'first'),
      product('v', 'x', 'second'),
      nodeOf('Concat', ['second', 'first'], 'y', { axis: 2 }),
    ],
    kinds: ['factored'],
  },
  'rows that are gathered': {
    nodes: [
      nodeOf('Gather', ['w', 'rows'], 'v'),
      nodeOf('Mul', ['x', 'x'], 'a'),
      product('v', 'a'),
    ],
    kinds: ['dense'],
  },
  'a concatenation with a constant': {
    nodes: [nodeOf('Concat', ['w', 'c'], 'v', { axis: 1 }), product('v')],
    kinds: ['dense'],
  },
  'a factor': {
    nodes: [nodeOf('Mul', ['w', 'c'], 'v'), product('v')],
    kinds: ['dense'],
  },
  'a norm of its columns': {
    nodes: [
      nodeOf('ReduceL2', ['w', 'zero'], 'norm', { keepdims: 1 }),
      nodeOf('Div', ['w', 'norm'], 'v'),
      product('v'),
    ],
    kinds: ['dense'],
  },
  'two products': {
    nodes: [
      product('w', 'x', 'first'),
      nodeOf('Tanh', ['x'], 'bent'),
      product('w', 'bent', 'second'),
      nodeOf('Add', ['first', 'second'], 'y'),
    ],
    kinds: ['factored'],
  },
  'a product and a broadcast': {
    nodes: [
      product('w', 'x', 'first'),
      nodeOf('ReduceSum', ['w', 'zero'], 'sum', { keepdims: 0 }),
      nodeOf('Mul', ['first', 'sum'], 'y'),
    ],
    kinds: ['dense', 'factored'],
  },
  'a product from the left': {
    nodes: [
      nodeOf('Transpose', ['w'], 't'),
      nodeOf('Transpose', ['x'], 'columns', { perm: [0, 2, 1] }),
      nodeOf('MatMul', ['t', 'columns'], 'y'),
    ],
    kinds: ['factored'],
  },
  'a stack of matrices': {
    nodes: [nodeOf('Reshape', ['w', 'stack'], 'v'), product('v')],
    kinds: ['dense'],
  },
  'Gemm with transposed factors': {
    nodes: [
      nodeOf('Reshape', ['x', 'pairs'], 'rows of x'),
      nodeOf('Transpose', ['rows of x'], 'columns'),
      nodeOf('Transpose', ['w'], 'v'),
      nodeOf('Gemm', ['columns', 'v'], 'product', { transA: 1, transB: 1, alpha: float(0.5) }),
      nodeOf('Reshape', ['product', 'examples'], 'y'),
    ],
    kinds: ['factored'],
  },
  Einsum: {
    nodes: [nodeOf('Einsum', ['x', 'w'], 'y', { equation: 'btd,dk->btk' })],
    kinds: ['dense'],
  },
}

const modelOf = ({ nodes }: Case): Uint8Array =>
  bytesOf({
    nodes: [
      ...nodes.slice(0, -1),
      { ...nodes.at(-1)!, outputs: ['z'] },
      nodeOf('Tanh', ['z'], 'y'),
    ],
    constants: {
      w: floats(w, [2, 3]),
      c: floats([1, -2, 0.5, 3, 1, 1], [2, 3]),
      two: integers(2, 3),
      stack: integers(1, 2, 3),
      pairs: integers(-1, 2),
      examples: integers(-1, 4, 3),
      zero: integers(0),
      one: integers(1),
      three: integers(3),
      lengths: integers(1, 2),
      rows: integers(1, 0),
    },
    inputs: { x: [4, 2] },
    outputs: ['y'],
  })

const exampleCount = 3
const x = { data: uniform(random, exampleCount * 8, [-1, 1]), shape: [exampleCount, 4, 2] }
const native = nodeRuntimes.find(({ name }) => name === 'native')!

describe('a parameter of an ONNX model', () => {
  it.each(Object.keys(cases))('has the gradients of each example through %s', async (title) => {
    const given = cases[title]!
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined)
    try {
      const predictor = await onnxPredictor(native.ort, modelOf(given), {
        parameters: (name) => name === 'w',
      })
      using session = await predictor.open('native', { allowSoftware: true })
      const { data, shape } = await session.predict([x], {})
      const labels = { data: data.map((value, k) => value + Math.sin(k)), shape }
      const block = await hostGradients(session, [x], labels, 'meanSquaredError')
      expect(warn).not.toHaveBeenCalled()
      expect(block.segments.map(({ kind }) => kind)).toEqual(given.kinds)
      const size = data.length / exampleCount
      const lossesAt = async (direction: Float64Array, by: number): Promise<number[]> => {
        const moved = w.map((value, k) => value + by * direction[k]!)
        predictor.setWeights({ w: { data: moved, shape: [2, 3] } })
        const own = (await session.predict([x], {})).data
        return Array.from({ length: exampleCount }, (_, i) => {
          let sum = 0
          for (let j = i * size; j < (i + 1) * size; j++) sum += (own[j]! - labels.data[j]!) ** 2
          return sum / size
        })
      }
      // Along two directions: along each weight would take ten seconds.
      for (const seed of [1, 2]) {
        const direction = Float64Array.from(uniform(seededRandom(seed), 6, [-1, 1]))
        const slopes = await fourPoint((by) => lossesAt(direction, by))
        for (const [i, slope] of slopes.entries()) {
          const gradient = materializedGradients(block, i).get('w')!
          const found = gradient.reduce((sum, value, k) => sum + value * direction[k]!, 0)
          expect(Math.abs(found - slope), `example ${i}`).toBeLessThan(differenceTolerance)
        }
      }
    } finally {
      warn.mockRestore()
    }
  })
})
