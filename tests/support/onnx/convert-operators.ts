import * as tf from '@tensorflow/tfjs'
import { isGradlensError } from 'gradlens'
import { tfjsPredictor } from 'gradlens/tfjs'
import type { OnnxModel, OnnxNode, OnnxTensor } from '../../../src/onnx/model/onnx-model.js'
import { createTensor, readNumbers } from '../../../src/onnx/model/tensor-data.js'
import { type Conversion, convertModel } from '../../../src/onnx/to-tfjs/convert-model.js'
import { gradientsOf } from './compare-torch.js'
import { loadConverted } from './converted-model.js'
import { nodeOf } from './onnx-models.js'
import { bytesOf, describeCase, type OperatorCase, type OperatorCases } from './operator-cases.js'

/** What a converted operator and its gradients are, against what was expected. */
export interface ConvertedResult {
  readonly title: string
  /** The largest differences, relative to the largest expected value. */
  readonly outputError: number
  readonly gradientError: number
}

/** The cases of a family that are converted, and why the others aren't. */
export interface ConvertedFamily {
  readonly results: readonly ConvertedResult[]
  /** The cases that aren't, in one line each with the reason. */
  readonly refused: readonly string[]
}

const placesOf = (each: OperatorCase) => each.outputs.flatMap((output) => output ?? [])

const sizeOf = ({ shape }: { readonly shape: readonly number[] }): number =>
  shape.reduce((product, length) => product * length, 1)

/** Several operators of constants: their outputs in one row, times an input of as many numbers. */
function buildModel(all: OperatorCases, cases: readonly OperatorCase[]): OnnxModel {
  const nodes: OnnxNode[] = []
  const constants = new Map<string, OnnxTensor>([['row', createTensor('int64', [1, -1], [2])]])
  const rows: string[] = []
  for (const [i, each] of cases.entries()) {
    const inputs = each.inputs.map((input, k) => {
      if (input === null) return ''
      const { type, shape } = input
      constants.set(`case${i}/x${k}`, { type, shape, bytes: bytesOf(all, input) })
      return `case${i}/x${k}`
    })
    const outputs = each.outputs.map((output, k) => (output === null ? '' : `case${i}/y${k}`))
    const { op, attributes } = each
    nodes.push({ name: `case${i}`, op, domain: '', inputs, outputs, attributes })
    for (const output of outputs.filter((name) => name !== '')) {
      nodes.push(
        nodeOf('Cast', [output], `${output}/float`, { to: 1 }),
        nodeOf('Reshape', [`${output}/float`, 'row'], `${output}/row`),
      )
      rows.push(`${output}/row`)
    }
  }
  nodes.push(nodeOf('Concat', rows, 'rows', { axis: 1 }), nodeOf('Mul', ['x', 'rows'], 'y'))
  const size = cases.flatMap(placesOf).reduce((sum, place) => sum + sizeOf(place), 0)
  return {
    opsets: new Map([['', Math.max(...cases.map(({ opset }) => opset))]]),
    producer: '',
    graph: {
      name: 'operators',
      nodes,
      constants,
      inputs: [{ name: 'x', type: 'float32', shape: [null, size] }],
      outputs: ['y'],
      described: new Map(),
    },
  }
}

function convert(all: OperatorCases, cases: readonly OperatorCase[]): Conversion {
  const model = buildModel(all, cases)
  return convertModel(model, { shapes: [model.graph.inputs[0]!.shape!.slice(1) as number[]] })
}

/** Converts the operators of a family, and runs those that can be. */
export async function runConverted(all: OperatorCases, family: string): Promise<ConvertedFamily> {
  const converted: OperatorCase[] = []
  const refused: string[] = []
  for (const each of all.families[family]!) {
    try {
      convert(all, [each])
      converted.push(each)
    } catch (error) {
      if (!isGradlensError(error, 'UnsupportedError')) throw error
      refused.push(
        `${describeCase(each)}: ${error.message.replace(/ Let Python.*/, '').replace(/.*compute: /, '')}`,
      )
    }
  }
  const opsets = [...new Set(converted.map(({ opset }) => opset))]
  const results: ConvertedResult[] = []
  for (const opset of opsets) {
    results.push(
      ...(await runCases(
        all,
        converted.filter((each) => each.opset === opset),
      )),
    )
  }
  return { results, refused }
}

async function runCases(
  all: OperatorCases,
  cases: readonly OperatorCase[],
): Promise<ConvertedResult[]> {
  const predictor = tfjsPredictor(await loadConverted(convert(all, cases)))
  using session = await predictor.open('wasm', { allowSoftware: true })
  const places = cases.flatMap(placesOf)
  const size = places.reduce((sum, place) => sum + sizeOf(place), 0)
  const shape = [2, size]
  const x = { data: new Float32Array(2 * size).fill(1), shape }
  const outputs = await session.predict([x], {})
  // The gradients of the second example are twice those of the first.
  const seeds = cases.flatMap((each): number[] =>
    each.outputs.flatMap((output, k): number[] => {
      if (output === null) return []
      const seed = each.seeds[k]
      return seed
        ? readNumbers({ ...seed, bytes: bytesOf(all, seed) })
        : Array.from({ length: sizeOf(output) }, () => 0)
    }),
  )
  const labels = { data: Float32Array.from([...seeds, ...seeds.map((seed) => 2 * seed)]), shape }
  const found = await gradientsOf(session, x, labels, (yTrue: tf.Tensor, yPred: tf.Tensor) =>
    tf.sum(tf.mul(yTrue, yPred)),
  )
  const specs = new Map(predictor.parameters.map((each) => [each.name, each.shape]))
  let at = 0
  return cases.map((each, i) => {
    const outputError = Math.max(
      ...placesOf(each).map((place) => {
        const own = outputs.data.slice(at, at + sizeOf(place))
        at += sizeOf(place)
        return compare(own, readNumbers({ ...place, bytes: bytesOf(all, place) }))
      }),
    )
    const errors = Object.entries(each.gradients).map(([k, place]) => {
      // Single numbers aren't parameters.
      if (place.shape.length === 0) return 0
      const expected = readNumbers({ ...place, bytes: bytesOf(all, place) })
      const name = `case${i}/x${k}`
      const own = found.get(name) ?? new Float64Array(2 * expected.length)
      const { length: rank } = place.shape
      const isMoved = rank === 3 || specs.get(name)?.join() !== place.shape.join()
      const isFilter = k === '1' && each.op.startsWith('Conv') && isMoved
      return compare(isFilter ? inOrder(own, place.shape) : own, [
        ...expected,
        ...expected.map((value) => 2 * value),
      ])
    })
    return { title: describeCase(each), outputError, gradientError: Math.max(0, ...errors) }
  })
}

/** Filters are […, inputs, outputs]. */
function inOrder(rows: Float64Array, shape: readonly number[]): Float64Array {
  const [outputs, inputs, ...spatial] = shape as [number, number, ...number[]]
  const taps = sizeOf({ shape: spatial })
  return rows.map((_, at) => {
    const [row, k] = [Math.floor(at / (rows.length / 2)), at % (rows.length / 2)]
    const [output, input, tap] = [
      Math.floor(k / inputs / taps),
      Math.floor(k / taps) % inputs,
      k % taps,
    ]
    return rows[(row * rows.length) / 2 + (tap * inputs + input) * outputs + output]!
  })
}

function compare(actual: ArrayLike<number>, expected: readonly number[]): number {
  const scale = Math.max(1e-3, ...expected.map(Math.abs))
  if (actual.length !== expected.length) return Infinity
  const errors = expected.map((value, k) => Math.abs(actual[k]! - value))
  return errors.some(Number.isNaN) ? NaN : Math.max(0, ...errors) / scale
}
