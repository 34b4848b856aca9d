import * as tf from '@tensorflow/tfjs'
import { GradientSimilarity, IntegratedGradients, type NdArray, type Progress } from 'gradlens'
import { type FunctionModel, tfjsPredictor } from 'gradlens/tfjs'
import { beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import type { WasmBackend } from '../../../src/tfjs/engine/backends.js'
import { openDevice } from '../../../src/tfjs/engine/devices.js'
import { runWithMemory } from '../../../src/tfjs/engine/memory.js'
import { useDevice } from '../../support/devices/devices.js'
import { limitHeap } from '../../support/devices/small-heap.js'
import { seededRandom, uniform } from '../../support/random.js'

/** 128 MiB: the page's heap in these tests, which TensorFlow.js really exhausts. */
const pageCount = 2048

const loss = 'sparseCategoricalCrossentropyFromLogits'
const exampleCount = 48
const size = 64
const random = seededRandom(17)
const x = {
  data: Float32Array.from(uniform(random, exampleCount * size * size, [-1, 1])),
  shape: [exampleCount, size, size, 1],
}
const y = {
  data: Int32Array.from({ length: exampleCount }, (_, k) => k % 3),
  shape: [exampleCount],
}
const firstTwo = { data: x.data.subarray(0, 2 * size * size), shape: [2, size, size, 1] }
const filterValues = Float32Array.from(uniform(random, 3 * 3 * 32, [-1, 1]))
const kernelValues = Float32Array.from(uniform(random, 32 * 3, [-1, 1]))

/** Float32 sums over batches of other sizes, relative to the largest score. */
const tolerance = 1e-5

interface Breaking {
  model: FunctionModel
  /** Runs in each forward pass, with the number of examples. */
  before: (exampleCount: number) => void
}

/** A convolution whose activations take 512 kB per example. */
function convolvingModel(): Breaking {
  const [filter, kernel] = tf.tidy(() => [
    tf.variable(tf.tensor4d(filterValues, [3, 3, 1, 32])),
    tf.variable(tf.tensor2d(kernelValues, [32, 3])),
  ])
  onTestFinished(() => {
    tf.dispose([filter, kernel])
  })
  const breaking: Breaking = {
    before: () => undefined,
    model: {
      variables: [filter, kernel],
      inputs: [{ shape: [size, size, 1], dtype: 'float32' }],
      call: (input: tf.Tensor) => {
        breaking.before(input.shape[0])
        const maps = tf.relu(tf.conv2d(input as tf.Tensor4D, filter as tf.Tensor4D, 1, 'same'))
        return tf.matMul(tf.mean(maps, [1, 2]), kernel)
      },
    },
  }
  return breaking
}

type Module = WasmBackend['wasm'] & {
  readonly asm: Readonly<Record<string, (byteLength: number) => number>>
  readonly tfjs: {
    registerTensor(id: number, size: number, offset: number): void
    disposeData(id: number): void
  }
}
const moduleOf = (): Module => (tf.engine().registry['wasm'] as unknown as { wasm: Module }).wasm

/**
 * Returns a function that allocates all memory of the page's module, and then more in its C++ code, which ends it. Within
 * a pass, the library watches `_malloc`, so the module's own export is called.
 */
function exhauster(): () => void {
  const module = moduleOf()
  // Emscripten's function is the export after its first call.
  module._free(module._malloc(8))
  const [name] = Object.entries(module.asm).find(([, value]) => value === module._malloc)!
  return () => {
    const { asm: own, tfjs } = moduleOf()
    for (let bytes = 2 ** 26; bytes >= 8; bytes /= 2) while (own[name]!(bytes) !== 0);
    for (let k = 0; k < 1e5; k++) tfjs.registerTensor(2 ** 30 + k, 1, 8)
  }
}

function expectSame(actual: NdArray, expected: NdArray): void {
  const largest = Math.max(...Array.from(expected.data, Math.abs))
  for (const [k, value] of actual.data.entries()) {
    expect(Math.abs(value - expected.data[k]!)).toBeLessThanOrEqual(tolerance * largest)
  }
}

async function rank(explainer: GradientSimilarity<tf.Tensor>): Promise<NdArray> {
  await explainer.fit(x, y)
  return (await explainer.explain(x, y)).scores
}

describe("a page's heap of 128 MiB", () => {
  let expected: NdArray
  beforeAll(async () => {
    await useDevice('wasm')
  })
  beforeEach(async () => {
    await useDevice('cpu')
    using explainer = new GradientSimilarity(tfjsPredictor(convolvingModel().model), loss, {
      ...{ device: 'wasm', batchSize: 4 },
    })
    expected = await rank(explainer)
    await useDevice('wasm')
    const restore = await limitHeap(pageCount)
    onTestFinished(restore)
  })

  it('makes batches smaller before it is full, and the scores stay the same', async () => {
    using explainer = new GradientSimilarity(tfjsPredictor(convolvingModel().model), loss, {
      ...{ device: 'wasm', precomputeGrads: true, batchSize: exampleCount },
    })
    const module = moduleOf()
    const done: number[] = []
    await explainer.fit(x, y, { onProgress: (event: Progress) => done.push(event.done) })
    expect(done.length).toBeGreaterThan(1)
    expectSame((await explainer.explain(x, y)).scores, expected)
    expect(moduleOf()).toBe(module)
  })

  it("refuses a convolution whose list of positions doesn't fit, instead of computing garbage", async () => {
    const owner = await openDevice('wasm', true)
    const convolve = (length: number, window: number): tf.Tensor =>
      runWithMemory(owner, 0, () =>
        tf.conv2d(
          tf.ones<tf.Rank.R4>([1, length, length, 1]),
          tf.ones<tf.Rank.R4>([window, window, 1, 1]),
          ...([1, 'same'] as const),
        ),
      )
    const small = convolve(64, 15)
    expect((await small.data())[32 * 64 + 32]).toBe(225)
    small.dispose()
    expect(() => convolve(512, 15)).toThrow(
      expect.objectContaining({ name: 'MemoryError', device: 'wasm' }) as Error,
    )
  })

  it('is replaced after TensorFlow.js has exhausted it, and the page keeps its tensors and models', async () => {
    const own = tf.tensor1d([1, 2, 3])
    const weight = tf.tidy(() => tf.variable(tf.tensor1d([2, 4, 6])))
    const ownModel = tf.sequential({ layers: [tf.layers.dense({ units: 2, inputShape: [3] })] })
    const question = tf.tensor2d([[1, -1, 0.5]])
    onTestFinished(() => {
      tf.dispose([own, weight, question])
      ownModel.dispose()
    })
    const predict = async (): Promise<number[]> => {
      const output = ownModel.predict(question) as tf.Tensor
      const values = Array.from(await output.data())
      output.dispose()
      return values
    }
    const before = await predict()
    const breaking = convolvingModel()
    const predictor = tfjsPredictor(breaking.model)
    using earlier = new IntegratedGradients(predictor, { device: 'wasm', nSteps: 4 })
    const options = { target: 1 }
    const attributed = await earlier.explain(firstTwo, options)

    const module = moduleOf()
    const exhaust = exhauster()
    breaking.before = (count) => {
      if (count > 8) exhaust()
    }
    using explainer = new GradientSimilarity(predictor, loss, {
      ...{ device: 'wasm', precomputeGrads: true, batchSize: exampleCount },
    })
    expectSame(await rank(explainer), expected)
    expect(moduleOf()).not.toBe(module)
    breaking.before = () => undefined

    expect(tf.getBackend()).toBe('wasm')
    const sum = tf.tidy(() => own.add(weight).mul(2))
    expect(Array.from(await sum.data())).toEqual([6, 12, 18])
    sum.dispose()
    const doubled = weight.mul<tf.Tensor1D>(2)
    weight.assign(doubled)
    doubled.dispose()
    expect(Array.from(await weight.data())).toEqual([4, 8, 12])
    expect(await predict()).toEqual(before)
    expect((await earlier.explain(firstTwo, options)).attributions).toEqual(attributed.attributions)
  })

  it('says what to do if not even one example fits, and still works afterwards', async () => {
    const breaking = convolvingModel()
    using explainer = new GradientSimilarity(tfjsPredictor(breaking.model), loss, {
      ...{ device: 'wasm', precomputeGrads: true, batchSize: 4 },
    })
    breaking.before = exhauster()
    const error: unknown = await explainer.fit(x, y).catch((reason: unknown) => reason)
    expect(error).toMatchObject({ name: 'MemoryError', device: 'wasm' })
    expect((error as Error).cause).toMatchObject({
      message: expect.stringMatching(
        /module stopped \(Aborted\(\).*because its memory is full\. It is started again.*smaller batchSize/,
      ) as string,
    })
    breaking.before = () => undefined
    expectSame(await rank(explainer), expected)
  })

  it('is replaced after a kernel stopped for another reason, which is reported', async () => {
    const own = tf.tensor1d([1, 2, 3])
    onTestFinished(() => {
      own.dispose()
    })
    await own.data()
    const breaking = convolvingModel()
    const readOutside = (): void => {
      const broken = tf.ones([4])
      const { dataIdMap } = tf.backend() as unknown as WasmBackend
      const { id } = dataIdMap.get(broken.dataId) as unknown as { id: number }
      const { tfjs } = moduleOf()
      tfjs.disposeData(id)
      tfjs.registerTensor(id, 4, 2 ** 32 - 16)
      tf.neg(broken)
    }
    const predictor = tfjsPredictor(breaking.model)
    breaking.before = readOutside
    using explainer = new GradientSimilarity(predictor, loss, { device: 'wasm' })
    await expect(rank(explainer)).rejects.toMatchObject({
      name: 'DeviceError',
      device: 'wasm',
      message: expect.stringMatching(/although it has memory left.*Use another device/) as string,
    })
    const module = moduleOf()
    breaking.before = () => undefined
    expectSame(await rank(explainer), expected)
    expect(moduleOf()).not.toBe(module)
    const doubled = own.mul(2)
    expect(Array.from(await doubled.data())).toEqual([2, 4, 6])
    doubled.dispose()
  })
})
