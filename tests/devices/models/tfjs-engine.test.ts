import * as tf from '@tensorflow/tfjs'
import { GradientSimilarity, IntegratedGradients } from 'gradlens'
import { tfjsPredictor } from 'gradlens/tfjs'
import { afterEach, describe, expect, it, onTestFinished } from 'vitest'
import { runOn, withTape } from '../../../src/tfjs/engine/engine.js'
import { devices, useDevice } from '../../support/devices/devices.js'
import { hostGradients, lossGradients } from '../../support/gradients/host-block.js'
import { expectNoLeaks } from '../../support/leaks.js'
import { disposedAfterTest } from '../../support/models/models.js'

const pixels = {
  data: Float32Array.from({ length: 2 * 36 }, (_, i) => Math.sin(i)),
  shape: [2, 6, 6, 1],
}
const labels = { data: Int32Array.of(0, 1), shape: [2] }

function convolutionalModel(): tf.LayersModel {
  return disposedAfterTest(
    tf.sequential({
      layers: [
        tf.layers.conv2d({ filters: 2, kernelSize: 3, inputShape: [6, 6, 1] }),
        tf.layers.maxPooling2d({ poolSize: 2 }),
        tf.layers.flatten(),
        tf.layers.dense({ units: 2, activation: 'softmax' }),
      ],
    }),
  )
}

/** Tests that the page's TensorFlow.js is unchanged before, between and after the synchronous sections of gradlens. */

afterEach(() => useDevice('cpu'))

describe.each(devices)('working on %s', (device) => {
  it('leaves the kernel and gradient registries and the engine as they were', async () => {
    await useDevice('cpu')
    const model = convolutionalModel()
    // What leaks or is changed in between fails; a session's copies of the weights go with the session.
    await expectNoLeaks(async () => {
      using session = await tfjsPredictor(model).open(device, { allowSoftware: true })
      await session.predict([pixels], {})
      await session.inputGradients([pixels], Int32Array.of(0, 1), {})
      await hostGradients(session, [pixels], labels, 'sparseCategoricalCrossentropy')
    })
  })

  it('leaves them as they were when a call throws', async () => {
    await useDevice('cpu')
    const model = convolutionalModel()
    await expectNoLeaks(async () => {
      using session = await tfjsPredictor(model).open(device, { allowSoftware: true })
      const failing = (): tf.Tensor => {
        throw new TypeError('the page is at fault')
      }
      await expect(lossGradients(session, [pixels], labels, failing)).rejects.toThrow(
        'the page is at fault',
      )
      const wrongShape = { data: new Float32Array(10), shape: [2, 5] }
      await expect(session.predict([wrongShape], {})).rejects.toThrow()
      expect(tf.getBackend()).toBe('cpu')
    })
  })

  it('keeps the page on its backend, in between as well', async () => {
    await useDevice('cpu')
    const model = convolutionalModel()
    using session = await tfjsPredictor(model).open(device, { allowSoftware: true })
    const running = hostGradients(session, [pixels], labels, 'sparseCategoricalCrossentropy')
    expect(tf.getBackend()).toBe('cpu')
    const sums = tf.tidy(() => tf.add([1, 2], [3, 4]).arraySync())
    expect(sums).toEqual([4, 6])
    await running
    expect(tf.getBackend()).toBe('cpu')
  })

  it("doesn't move the weights of the model", async () => {
    await useDevice('cpu')
    const model = convolutionalModel()
    const before = model.weights.map((weight) => (weight.read() as tf.Variable).dataId)
    using session = await tfjsPredictor(model).open(device, { allowSoftware: true })
    await hostGradients(session, [pixels], labels, 'sparseCategoricalCrossentropy')
    expect(model.weights.map((weight) => (weight.read() as tf.Variable).dataId)).toEqual(before)
    // On the cpu backend, they can be read at once. If they had moved, this would wait or warn.
    expect(model.getWeights()[0]?.dataSync().length).toBe(18)
  })

  it('uses weights that the page has changed since the last call', async () => {
    await useDevice('cpu')
    const model = convolutionalModel()
    using session = await tfjsPredictor(model).open(device, { allowSoftware: true })
    await session.predict([pixels], {})
    tf.tidy(() => {
      model.setWeights(model.getWeights().map((weight) => tf.zerosLike(weight)))
    })
    const { data } = await session.predict([pixels], {})
    expect([...data]).toEqual([0.5, 0.5, 0.5, 0.5])
  })

  it('refuses to compare stored gradients with those of weights that have changed since', async () => {
    await useDevice('cpu')
    const model = convolutionalModel()
    const lossFn = 'sparseCategoricalCrossentropy'
    const options = { device, precomputeGrads: true }
    using explainer = new GradientSimilarity(tfjsPredictor(model), lossFn, options)
    await explainer.fit(pixels, labels)
    await explainer.explain(pixels)
    tf.tidy(() => {
      model.setWeights(model.getWeights().map((weight) => weight.mul(0.5)))
    })
    await expect(explainer.explain(pixels)).rejects.toMatchObject({
      name: 'NotFittedError',
      message: expect.stringContaining('have changed since fit') as string,
    })
    await explainer.fit(pixels, labels)
    await explainer.explain(pixels)
    model.layers.at(-1)!.trainable = false
    await expect(explainer.explain(pixels)).rejects.toMatchObject({ name: 'NotFittedError' })
  })

  it('refuses a path on which the weights have changed', async () => {
    await useDevice('cpu')
    const model = convolutionalModel()
    const options = { device, nSteps: 4, internalBatchSize: 2 }
    using explainer = new IntegratedGradients(tfjsPredictor(model), options)
    const onProgress = ({ done }: { done: number }): void => {
      if (done !== 2) return
      tf.tidy(() => {
        model.setWeights(model.getWeights().map((weight) => weight.mul(2)))
      })
    }
    await expect(explainer.explain(pixels, { target: 0, onProgress })).rejects.toMatchObject({
      name: 'ModelChangedError',
      message: expect.stringContaining('changed while this call was running') as string,
    })
    await explainer.explain(pixels, { target: 0 })
  })

  it('refuses a model whose weights the page has disposed', async () => {
    await useDevice('cpu')
    const model = convolutionalModel()
    using session = await tfjsPredictor(model).open(device, { allowSoftware: true })
    model.dispose()
    await expect(session.predict([pixels], {})).rejects.toMatchObject({ name: 'DisposedError' })
  })

  it('puts each fused op on the tape as the plain ops that it is made of', async () => {
    await useDevice('cpu')
    const model = convolutionalModel()
    using session = await tfjsPredictor(model).open(device, { allowSoftware: true })
    await session.predict([pixels], {})
    await useDevice(device)
    const names = runOn(device, () =>
      withTape(
        new Set(),
        () => model.apply(tf.tensor(pixels.data, pixels.shape)) as tf.Tensor,
        (tape) => tape.map(({ kernelName }) => kernelName),
      ),
    )
    expect(names).toContain('Conv2D')
    expect(names).toContain('BatchMatMul')
    expect(names.filter((name) => name === 'Add')).toHaveLength(2)
    // Copies that tfjs saves for its gradients stand there under the name of the op's scope.
    expect(names.filter((name) => /fused/i.test(name) && !name.endsWith('__op'))).toEqual([])
    await useDevice('cpu')
  })
})

it('finds every internal of TensorFlow.js that it needs', () => {
  const engine = tf.engine() as unknown as Record<string, unknown>
  const methods = [
    'runKernel',
    'customGrad',
    'startTape',
    'endTape',
    'isTapeOn',
    'keep',
    'getTensorsForGradient',
    'saveTensorsForBackwardMode',
    'addTapeNode',
  ]
  for (const name of methods) expect(typeof engine[name], name).toBe('function')
  expect(engine['registry']).toBeTypeOf('object')
  expect(engine['registryFactory']).toBeTypeOf('object')
  const state = engine['state'] as Record<string, unknown>
  for (const name of ['gradientDepth', 'kernelDepth']) expect(state[name], name).toBe(0)
  expect(state['tensorInfo']).toBeInstanceOf(WeakMap)
  expect(tf.version_core).toMatch(/^4\.22\./)
})

it('names a missing backend, and what to import', async () => {
  const model = convolutionalModel()
  const factories = (tf.engine() as unknown as { registryFactory: Record<string, unknown> })
    .registryFactory
  const { wasm: factory } = factories
  const instances = (tf.engine() as unknown as { registry: Record<string, unknown> }).registry
  const { wasm: instance } = instances
  delete factories['wasm']
  delete instances['wasm']
  try {
    await expect(tfjsPredictor(model).open('wasm', { allowSoftware: true })).rejects.toMatchObject({
      name: 'DeviceError',
      device: 'wasm',
      message: expect.stringContaining("Import 'gradlens/wasm'") as string,
    })
  } finally {
    factories['wasm'] = factory
    if (instance !== undefined) instances['wasm'] = instance
  }
})

it('refuses an op without a gradient by name', async () => {
  await useDevice('cpu')
  class Rotated extends tf.layers.Layer {
    static readonly className = 'Rotated'
    override computeOutputShape(inputShape: tf.Shape): tf.Shape {
      return inputShape
    }
    override call(x: tf.Tensor | tf.Tensor[]): tf.Tensor {
      return tf.image.rotateWithOffset((Array.isArray(x) ? x[0] : x) as tf.Tensor4D, 0.3)
    }
  }
  const model = disposedAfterTest(
    tf.sequential({
      layers: [
        new Rotated({ inputShape: [6, 6, 1] }),
        tf.layers.flatten(),
        tf.layers.dense({ units: 1 }),
      ],
    }),
  )
  using session = await tfjsPredictor(model).open('cpu', { allowSoftware: true })
  await expect(session.inputGradients([pixels], Int32Array.of(0, 0), {})).rejects.toMatchObject({
    name: 'UnsupportedError',
    feature: 'RotateWithOffset',
  })
  // Layers after the op can still be explained.
  const block = await lossGradients(
    session,
    [pixels],
    { ...labels, shape: [2, 1] },
    'meanSquaredError',
  )
  expect(block.segments).toHaveLength(2)
})

it('refuses an input that reaches the output only through integers', async () => {
  await useDevice('cpu')
  const model = disposedAfterTest(
    tf.sequential({
      layers: [
        tf.layers.embedding({ inputDim: 5, outputDim: 2, inputLength: 3 }),
        tf.layers.flatten(),
        tf.layers.dense({ units: 1 }),
      ],
    }),
  )
  using session = await tfjsPredictor(model).open('cpu', { allowSoftware: true })
  const ids = { data: Int32Array.of(1, 2, 3), shape: [1, 3] }
  await expect(session.inputGradients([ids], Int32Array.of(0), {})).rejects.toMatchObject({
    name: 'UnsupportedError',
    message: expect.stringContaining('embedding') as string,
  })
})

it('accepts a Sequential from its file before TensorFlow.js has built it', async () => {
  await useDevice('cpu')
  const model = convolutionalModel()
  const artifacts = await new Promise<tf.io.ModelArtifacts>((resolve, reject) => {
    const handler = tf.io.withSaveHandler((saved) => {
      resolve(saved)
      return Promise.resolve({
        modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' },
      })
    })
    model.save(handler).catch(reject)
  })
  const loaded = disposedAfterTest(await tf.loadLayersModel(tf.io.fromMemory(artifacts)))
  using session = await tfjsPredictor(loaded).open('cpu', { allowSoftware: true })
  using original = await tfjsPredictor(model).open('cpu', { allowSoftware: true })
  const expected = await original.predict([pixels], {})
  expect(await session.predict([pixels], {})).toEqual(expected)
})

it("refuses values that aren't LayersModels, and a Sequential of unknown input shape", () => {
  const expected = 'expected a LayersModel, as tf.loadLayersModel'
  for (const model of [undefined, null, {}, (x: tf.Tensor): tf.Tensor => x, 'model.json']) {
    expect(() => tfjsPredictor(model as tf.LayersModel)).toThrow(expected)
  }
  expect(() => tfjsPredictor(tf.sequential())).toThrow('not built')
})

it('refuses models with several outputs, and stateful ones, when the predictor is made', () => {
  const input = tf.input({ shape: [3] })
  const outputs = [1, 2].map(
    (units) => tf.layers.dense({ units }).apply(input) as tf.SymbolicTensor,
  )
  const twoOutputs = disposedAfterTest(tf.model({ inputs: input, outputs }))
  expect(() => tfjsPredictor(twoOutputs)).toThrow('2 outputs')
  const lstm = tf.layers.lstm({ units: 2, stateful: true, batchInputShape: [2, 3, 1] })
  const stateful = disposedAfterTest(tf.sequential({ layers: [lstm] }))
  // The states outlive their model.
  onTestFinished(() => {
    tf.dispose((lstm as unknown as { states_: tf.Tensor[] }).states_)
  })
  expect(() => tfjsPredictor(stateful)).toThrow('stateful')
})
