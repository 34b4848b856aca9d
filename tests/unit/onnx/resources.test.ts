import { GradientSimilarity, IntegratedGradients, MemoryStore } from 'gradlens'
import { type OnnxRuntime, onnxPredictor } from 'gradlens/onnx'
import * as ort from 'onnxruntime-node'
import { describe, expect, it, vi } from 'vitest'
import { denseModel } from '../../support/onnx/dense-models.js'
import { bytesOf, floats, nodeOf } from '../../support/onnx/onnx-models.js'
import { seededRandom, uniform } from '../../support/random.js'

const random = seededRandom(9)
const model = denseModel({
  weights: [
    Array.from({ length: 3 }, () => [...uniform(random, 4, [-1, 1])]),
    [0, 0, 0, 0],
    Array.from({ length: 4 }, () => [...uniform(random, 2, [-1, 1])]),
    [0.1, -0.1],
  ],
  activations: ['tanh', 'softmax'],
})
const x = { data: uniform(random, 30, [-1, 1]), shape: [10, 3] }
const y = { data: Float32Array.from({ length: 10 }, (_, i) => i % 2), shape: [10] }

/** ONNX Runtime with a count of its open sessions, and memory for batches up to a size. */
function limitedRuntime(mostExamples: number): { runtime: OnnxRuntime; open: () => number } {
  let open = 0
  const runtime: OnnxRuntime = {
    Tensor: ort.Tensor,
    env: ort.env,
    InferenceSession: {
      create: async (bytes, options) => {
        const session = await ort.InferenceSession.create(bytes, options)
        open++
        return {
          run: async (feeds: Record<string, ort.Tensor>) => {
            if ((feeds['x']?.dims[0] ?? 0) > mostExamples) throw new Error('std::bad_alloc')
            return session.run(feeds)
          },
          release: async () => {
            open--
            await session.release()
          },
        }
      },
    },
  }
  return { runtime, open: () => open }
}

const loss = 'sparseCategoricalCrossentropy'

describe('an ONNX model', () => {
  it('is computed in smaller batches if ONNX Runtime runs out of memory', async () => {
    const scores = async (runtime: OnnxRuntime): Promise<unknown> => {
      const predictor = await onnxPredictor(runtime, model)
      using explainer = new GradientSimilarity(predictor, loss, {
        batchSize: 10,
        precomputeGrads: true,
      })
      await explainer.fit(x, y)
      expect(explainer.device).toBe('native')
      return (await explainer.explain({ data: x.data.slice(0, 6), shape: [2, 3] })).data
        .orderedIndices
    }
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined)
    try {
      expect(await scores(limitedRuntime(3).runtime)).toEqual(await scores(ort))
    } finally {
      warn.mockRestore()
    }
  })

  it('releases all sessions of ONNX Runtime when its explainers are disposed', async () => {
    const { runtime, open } = limitedRuntime(100)
    const predictor = await onnxPredictor(runtime, model)
    const similarity = new GradientSimilarity(predictor, loss)
    const gradients = new IntegratedGradients(predictor, { layer: 'output0' })
    await similarity.fit(x, y)
    await similarity.explain({ data: x.data.slice(0, 3), shape: [1, 3] })
    await gradients.explain(x, { target: 0 })
    predictor.setWeights({ bias1: { data: Float32Array.of(1, 2), shape: [2] } })
    await gradients.explain(x, { target: 0 })
    expect(open()).toBeGreaterThan(0)
    similarity.dispose()
    gradients.dispose()
    await expect.poll(open).toBe(0)
  })

  it("refuses weights that the file doesn't have, and keeps its own", async () => {
    const predictor = await onnxPredictor(ort, model)
    const given = { data: new Float32Array(3), shape: [3] }
    expect(() => {
      predictor.setWeights({ bias1: given })
    }).toThrow('the shape [2]')
    expect(() => {
      predictor.setWeights({ bias9: given })
    }).toThrow('names of float constants')
  })

  it('refuses a loss without its gradient, and a gradient of another function', async () => {
    const predictor = await onnxPredictor(ort, model)
    const labels = { data: Float32Array.from({ length: 20 }, (_, k) => k % 3), shape: [10, 2] }
    const run = async (
      lossFn: ConstructorParameters<typeof GradientSimilarity>[1],
    ): Promise<void> => {
      using explainer = new GradientSimilarity(predictor, lossFn as typeof loss, {
        precomputeGrads: true,
      })
      await explainer.fit(x, labels)
    }
    await expect(run(() => 1)).rejects.toThrow('{ value, gradient }')
    interface Pair {
      readonly data: ArrayLike<number>
    }
    const value = (yTrue: Pair, yPred: Pair): number => (yPred.data[0]! - yTrue.data[0]!) ** 2
    const gradient = (sign: number) => (yTrue: Pair, yPred: Pair) => ({
      data: Float32Array.of(2 * sign * (yPred.data[0]! - yTrue.data[0]!), 0),
      shape: [1, 2],
    })
    await expect(run({ value, gradient: gradient(-1) } as never)).rejects.toThrow('a slope of')
    await run({ value, gradient: gradient(1) } as never)
  })

  it('refuses token ids outside of their table, with the table', async () => {
    const bytes = bytesOf({
      nodes: [nodeOf('Gather', ['table', 'ids'], 'rows'), nodeOf('Flatten', ['rows'], 'y')],
      constants: { table: floats([1, 2, 3, 4, 5, 6], [3, 2]) },
      inputs: { ids: [2] },
      types: { ids: 'int64' },
      outputs: ['y'],
    })
    const predictor = await onnxPredictor(ort, bytes)
    using explainer = new GradientSimilarity(predictor, 'meanSquaredError', {
      precomputeGrads: true,
    })
    const ids = { data: Int32Array.of(0, 1, 2, 3), shape: [2, 2] }
    const labels = { data: new Float32Array(8), shape: [2, 4] }
    await expect(explainer.fit(ids, labels)).rejects.toThrow(
      "3, which the model looks up in table 'table' of 3",
    )
  })

  it('warns once about parameters that an exporter has computed from others', async () => {
    const bytes = bytesOf({
      nodes: [nodeOf('MatMul', ['x', 'onnx::MatMul_12'], 'y')],
      constants: { 'onnx::MatMul_12': floats([1, 2, 3, 4, 5, 6], [3, 2]) },
      inputs: { x: [3] },
      outputs: ['y'],
    })
    const predictor = await onnxPredictor(ort, bytes)
    const labels = { data: new Float32Array(20), shape: [10, 2] }
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined)
    try {
      for (let k = 0; k < 2; k++) {
        using explainer = new GradientSimilarity(predictor, 'meanSquaredError', {
          precomputeGrads: true,
        })
        await explainer.fit(x, labels)
      }
      expect(warn.mock.calls.flat().filter((text) => String(text).includes('onnx::'))).toHaveLength(
        1,
      )
    } finally {
      warn.mockRestore()
    }
  })

  it('opens a store only for the same weights and operators', async () => {
    const store = new MemoryStore()
    const open = async (bytes: Uint8Array): Promise<void> => {
      using explainer = new GradientSimilarity(
        await onnxPredictor(ort, bytes),
        'meanSquaredError',
        {
          store,
          precomputeGrads: true,
        },
      )
      await explainer.fit(x, { data: new Float32Array(20), shape: [10, 2] })
    }
    const matrix = floats([1, 2, 3, 4, 5, 6], [3, 2])
    const net = (op: string, w = matrix): Uint8Array =>
      bytesOf({
        nodes: [nodeOf('MatMul', ['x', 'w'], 'z'), nodeOf(op, ['z'], 'y')],
        constants: { w },
        inputs: { x: [3] },
        outputs: ['y'],
      })
    await open(net('Tanh'))
    await open(net('Tanh'))
    await expect(open(net('Sigmoid'))).rejects.toMatchObject({ failure: 'different' })
    const other = floats([1, 2, 3, 4, 5, 7], [3, 2])
    await expect(open(net('Tanh', other))).rejects.toMatchObject({ failure: 'different' })
  })
})
