import { readFileSync } from 'node:fs'
import { IntegratedGradients, type NdArray, type PathPoints } from 'gradlens'
import { onnxPredictor } from 'gradlens/onnx'
import { describe, expect, it } from 'vitest'
import { bytesOf, floats, integers, nodeOf } from '../../support/onnx/onnx-models.js'
import { nodeRuntimes } from '../../support/onnx/runtimes.js'
import { seededRandom, uniform } from '../../support/random.js'
import { differenceTolerance, expectNear, fourPoint } from '../../support/references/differences.js'

const random = seededRandom(4)

/** Ids [T] → embedding → attention-like mixture → y [2], with a second route past the tanh. */
const textModel = (batch: number | null): Uint8Array =>
  bytesOf({
    nodes: [
      nodeOf('Gather', ['table', 'ids'], 'embedded'),
      nodeOf('Tanh', ['embedded'], 'bent'),
      nodeOf('Mul', ['bent', 'scale'], 'scaled'),
      nodeOf('Add', ['scaled', 'embedded'], 'joined'),
      // A batch of one only, as exporters write it for a fixed batch size.
      nodeOf('Reshape', ['joined', 'flat'], 'row'),
      nodeOf('MatMul', ['row', 'w'], 'z'),
      nodeOf('Sigmoid', ['z'], 'y'),
    ],
    constants: {
      table: floats(uniform(random, 7 * 3, [-1, 1]), [7, 3]),
      scale: floats([0.5, -1, 2], [3]),
      flat: integers(batch ?? -1, 4 * 3),
      w: floats(uniform(random, 12 * 2, [-1, 1]), [12, 2]),
    },
    inputs: { ids: [4] },
    types: { ids: 'int64' },
    outputs: ['y'],
  })

const ids: NdArray = { data: Int32Array.of(1, 5, 0, 6, 2, 2, 3, 4, 6, 1, 0, 3), shape: [3, 4] }
const outputs = Int32Array.of(0, 1, 1)

/** Float32 against float64 sums of the same gradients. */
const sumTolerance = 1e-6

describe.each(nodeRuntimes)('layers of an ONNX model on $name', ({ ort, name }) => {
  it.each([
    ['with any batch size', null],
    ['with a batch of one only', 1],
  ] as const)('have activations, gradients and path sums, %s', async (_, batch) => {
    const predictor = await onnxPredictor(ort, textModel(batch))
    using session = await predictor.open(name, { allowSoftware: true })
    const sites = [predictor.findLayer!('layer', 'table', 'outputs')]
    expect(sites[0]!.tensors).toEqual(['embedded'])
    const values = await session.activations!([ids], {}, sites)
    expect(values[0]![0]!.shape).toEqual([3, 4, 3])
    const prediction = await session.predict([ids], {})
    const replaced = await session.predict([ids], {}, { sites, values })
    expectNear(replaced.data, prediction.data, sumTolerance)

    const [[gradient]] = (await session.activationGradients!(
      [ids],
      outputs,
      {},
      {
        sites,
      },
    )) as [[NdArray]]
    const expected = new Float64Array(gradient.data.length)
    for (let k = 0; k < 12; k++) {
      const slopes = await fourPoint(async (by) => {
        const moved = values[0]![0]!.data.map((value, at) => (at % 12 === k ? value + by : value))
        const own = [[{ data: moved, shape: [3, 4, 3] }]]
        const { data } = await session.predict([ids], {}, { sites, values: own })
        return [...outputs].map((output, i) => data[i * 2 + output]!)
      })
      for (const [i, slope] of slopes.entries()) expected[i * 12 + k] = slope
    }
    expectNear(gradient.data, expected, differenceTolerance)

    const starts = [[{ data: new Float32Array(36), shape: [3, 4, 3] }]]
    const points: PathPoints = {
      sites,
      starts,
      ends: values,
      pathOf: Int32Array.of(0, 0, 1, 2, 2, 2),
      alphas: Float64Array.of(0.2, 0.9, 0.5, 0, 0.4, 1),
      weights: Float64Array.of(1, 2, 3, 0.5, -1, 4),
    }
    for (const sumOf of [undefined, Int32Array.of(0, 1, 1)]) {
      const [[sums]] = (await session.pathGradients!([ids], outputs, {}, { ...points, sumOf })) as [
        [NdArray],
      ]
      const totals = new Float64Array(sums.data.length)
      for (const [q, path] of points.pathOf.entries()) {
        const end = values[0]![0]!.data.subarray(path * 12, path * 12 + 12)
        const at = end.map((value) => value * points.alphas[q]!)
        const own = { data: ids.data.subarray(path * 4, path * 4 + 4), shape: [1, 4] }
        const [[slope]] = (await session.activationGradients!(
          [own],
          outputs.slice(path, path + 1),
          {},
          {
            sites,
            values: [[{ data: at, shape: [1, 4, 3] }]],
          },
        )) as [[NdArray]]
        for (const [i, value] of slope.data.entries()) {
          const factor = sumOf === undefined ? 1 : end[i]!
          totals[(sumOf?.[path] ?? path) * 12 + i]! += points.weights[q]! * value * factor
        }
      }
      expectNear(sums.data, totals, sumTolerance)
    }
  })

  it('treat the inputs of a layer as constants, and refuse tensors without a gradient', async () => {
    const predictor = await onnxPredictor(ort, textModel(null))
    using session = await predictor.open(name, { allowSoftware: true })
    const find = (layer: string) => predictor.findLayer!('layer', layer, 'outputs')
    const both = [find('embedded'), find('the Tanh of bent')]
    const alone = await session.activationGradients!([ids], outputs, {}, { sites: [both[0]!] })
    const together = await session.activationGradients!([ids], outputs, {}, { sites: both })
    const scale = [0.5, -1, 2]
    const tanh = (await session.activations!([ids], {}, [both[1]!]))[0]![0]!
    // d y / d embedded = its own route + that through the tanh.
    const sum = together[0]![0]!.data.map(
      (value, k) => value + together[1]![0]!.data[k]! * (1 - tanh.data[k]! ** 2),
    )
    expectNear(alone[0]![0]!.data, sum, sumTolerance)
    const direct = together[1]![0]!.data.map((value, k) => value / scale[k % 3]!)
    expectNear(together[0]![0]!.data, direct, sumTolerance)
    expect(() => find('the Tahn of bent')).toThrow("'the Tanh of bent'")
    expect(() => find('ids')).toThrow('an input of the model')
    await expect(session.inputGradients([ids], outputs, {})).rejects.toThrow("input 'ids'")
  })

  it('explain the embedding of a PyTorch encoder to the last digit of its prediction', async () => {
    const file = readFileSync('tests/fixtures/torch/encoder/unfolded.onnx')
    const predictor = await onnxPredictor(ort, new Uint8Array(file))
    const [length = 0] = predictor.inputs[0]!.shape as number[]
    const table = predictor.parameters.find(({ name: own }) => own.startsWith('tok'))!
    using explainer = new IntegratedGradients(predictor, {
      layer: table.name,
      device: name,
      nSteps: 40,
    })
    const x = {
      data: Int32Array.from({ length: 2 * length }, (_, k) => (k * 7) % 20),
      shape: [2, length],
    }
    const { data } = await explainer.explain(x, { target: 0 })
    expect(Math.max(...Array.from(data.deltas.data, Math.abs))).toBeLessThan(1e-3)
  })
})
