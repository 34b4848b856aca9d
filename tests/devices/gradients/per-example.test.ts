import * as tf from '@tensorflow/tfjs'
import type { LossFunction, NdArray } from 'gradlens'
import { tfjsPredictor } from 'gradlens/tfjs'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import { devices, type TestDevice, useDevice } from '../../support/devices/devices.js'
import { materializedGradients } from '../../support/references/materialized-gradients.js'
import { labels, randomInput, exampleCount } from '../../support/gradients/labelled-examples.js'
import { disposedAfterTest } from '../../support/models/models.js'
import {
  batchNormalised,
  conv,
  dense,
  type ModelCase,
  perExampleCases,
  through,
} from '../../support/cases/per-example-cases.js'
import { ownLayerCases } from '../../support/cases/per-example-own-cases.js'
import { seededRandom, uniform } from '../../support/random.js'
import {
  expectSameGradient,
  layersModelOf,
  repairedGradient,
  singleGradient,
} from '../../support/references/single-gradients.js'
import { hostGradients } from '../../support/gradients/host-block.js'
const meanCrossEntropy: LossFunction<tf.Tensor> = (yTrue, yPred) =>
  tf.losses.softmaxCrossEntropy(tf.oneHot(yTrue.toInt(), 3), yPred)

const lossFunctions: readonly {
  title: string
  lossFn: LossFunction<tf.Tensor>
}[] = [
  { title: 'averages over the batch', lossFn: meanCrossEntropy },
  {
    title: 'sums over the batch',
    lossFn: (yTrue, yPred) => meanCrossEntropy(yTrue, yPred).mul(yPred.shape[0]),
  },
  {
    title: 'returns one value per example',
    lossFn: (yTrue, yPred) =>
      yPred
        .sub(yTrue.reshape([-1, 1]))
        .square()
        .mean(1),
  },
  {
    title: 'normalises by the whole batch',
    lossFn: (yTrue, yPred) =>
      yPred
        .sub(yTrue.reshape([-1, 1]))
        .square()
        .sum()
        .div(yPred.square().sum().add(1)),
  },
]

function instantiate(modelCase: ModelCase): { model: tf.LayersModel; x: NdArray[]; y: NdArray } {
  const inputs = modelCase.inputs.map((shape) => tf.input({ shape }))
  const model = disposedAfterTest(tf.model({ inputs, outputs: modelCase.build(inputs) }))
  randomise(model)
  modelCase.prepare?.(model)
  const x = modelCase.inputs.map((shape, k) => randomInput(shape, k, modelCase.integers))
  return { model, x, y: labels(model.outputs[0]?.shape.at(-1) ?? 3) }
}

function randomise(model: tf.LayersModel): void {
  const random = seededRandom(7)
  tf.tidy(() => {
    model.setWeights(
      model.weights.map(({ shape, name }) => {
        const size = tf.util.sizeFromShape(shape as number[])
        const range = name.includes('variance') ? ([0.5, 1.5] as const) : ([-0.6, 0.6] as const)
        return tf.tensor(uniform(random, size, range), shape as number[])
      }),
    )
  })
}

/** [3, 3, C, p] → [5, 5, C, p]. */
function withZerosBetween(filter: tf.Tensor4D): tf.Tensor4D {
  const zeros = tf.zerosLike(filter)
  const rows = tf.stack([filter, zeros], 1).reshape([6, 3, ...filter.shape.slice(2)])
  const spread = tf.stack([rows, tf.zerosLike(rows)], 2).reshape([6, 6, ...filter.shape.slice(2)])
  return spread.slice([0, 0, 0, 0], [5, 5, -1, -1]) as tf.Tensor4D
}

/** The entries at the even taps of a flattened [5, 5, 2, 3] filter. */
const everySecondTap = (filter: Float32Array): Float32Array =>
  filter.filter((_, at) => Math.floor(at / 30) % 2 === 0 && Math.floor((at % 30) / 6) % 2 === 0)

/** [B, T, d] → [T, B, d], a dense layer there, and back. */
function timeMajorModel(): tf.LayersModel {
  class TimeMajor extends tf.layers.Layer {
    static readonly className: string = 'TimeMajor'
    override computeOutputShape(): tf.Shape {
      return [3, null, 2]
    }
    override call(x: tf.Tensor | tf.Tensor[]): tf.Tensor {
      return tf.transpose(Array.isArray(x) ? x[0]! : x, [1, 0, 2])
    }
  }
  class BatchMajor extends TimeMajor {
    static override readonly className: string = 'BatchMajor'
    override computeOutputShape(): tf.Shape {
      return [null, 3, 4]
    }
  }
  const input = tf.input({ shape: [3, 2] })
  const outputs = through(
    new TimeMajor({}),
    dense(4, { activation: 'tanh' }),
    new BatchMajor({}),
    tf.layers.flatten(),
    dense(3),
  )([input])
  const model = disposedAfterTest(tf.model({ inputs: input, outputs }))
  randomise(model)
  return model
}

/** The order of the examples is reversed before a dense layer and after it, so that no shape shows it. */
function reversedModel(): tf.LayersModel {
  class Reversed extends tf.layers.Layer {
    static readonly className: string = 'Reversed'
    override call(x: tf.Tensor | tf.Tensor[]): tf.Tensor {
      return tf.reverse(Array.isArray(x) ? x[0]! : x, 0)
    }
  }
  const input = tf.input({ shape: [6] })
  const outputs = through(
    new Reversed({}),
    dense(4, { activation: 'tanh' }),
    new Reversed({}),
    dense(3),
  )([input])
  const model = disposedAfterTest(tf.model({ inputs: input, outputs }))
  randomise(model)
  return model
}

/** Warns of nothing if `warning` is empty. */
async function expectRightAfterWarning(
  model: tf.LayersModel,
  [x, y]: readonly [NdArray, NdArray],
  device: TestDevice,
  warning: string,
): Promise<void> {
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined)
  using session = await tfjsPredictor(model).open(device, { allowSoftware: true })
  const block = await hostGradients(session, [x], y, 'sparseCategoricalCrossentropyFromLogits')
  const warned = warn.mock.calls.map(([message]) => String(message)).join()
  warn.mockRestore()
  if (warning === '') expect(warned).toBe('')
  else expect(warned).toContain(warning)
  const reference = layersModelOf(model)
  for (let row = 0; row < exampleCount; row++) {
    expectSameGradient(
      materializedGradients(block, row),
      singleGradient(reference, [x], y, row),
      reference,
    )
  }
}

/** Per-example gradients of LayersModels against stock TensorFlow.js on single examples, on every device. */

describe.each(devices)('per-example gradients on %s', (device) => {
  beforeAll(() => useDevice('cpu'))

  it.each([...perExampleCases, ...ownLayerCases])(
    'equal the loop over single examples: $title',
    async (modelCase) => {
      const { model, x, y } = instantiate(modelCase)
      const reference = layersModelOf(model)
      const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined)
      using session = await tfjsPredictor(model).open(device, { allowSoftware: true })
      const loss = 'sparseCategoricalCrossentropyFromLogits'
      const last = model.outputs[0]?.shape.at(-1) === 1
      const block = await hostGradients(session, x, y, last ? 'binaryCrossentropyFromLogits' : loss)
      const warnings = warn.mock.calls.map(([message]) => String(message))
      warn.mockRestore()
      if (modelCase.oneByOne === undefined) expect(warnings).toEqual([])
      else expect(warnings.join()).toContain('one example at a time')
      for (let row = 0; row < exampleCount; row++) {
        expectSameGradient(
          materializedGradients(block, row),
          modelCase.isRepaired === true
            ? await repairedGradient(reference, x, y, row)
            : singleGradient(reference, x, y, row),
          reference,
        )
      }
    },
  )

  it('equal those of the undilated filter with zeros between its taps, where a convolution is dilated', async () => {
    const built = (kernelSize: number, dilationRate: number): ReturnType<typeof instantiate> =>
      instantiate({
        title: '',
        inputs: [[7, 7, 2]],
        build: (x) =>
          through(
            conv(2, 1),
            conv(3, kernelSize, { dilationRate, activation: 'tanh' }),
            tf.layers.flatten(),
            dense(3),
          )(x),
      })
    const { model, x, y } = built(3, 2)
    const { model: undilated } = built(5, 1)
    tf.tidy(() => {
      const weights = model.getWeights()
      weights[2] = withZerosBetween(weights[2] as tf.Tensor4D)
      undilated.setWeights(weights)
    })
    using session = await tfjsPredictor(model).open(device, { allowSoftware: true })
    const block = await hostGradients(session, x, y, 'sparseCategoricalCrossentropyFromLogits')
    for (let row = 0; row < exampleCount; row++) {
      const names = model.trainableWeights.map(({ name }) => name)
      const reference = [...singleGradient(layersModelOf(undilated), x, y, row).values()]
      reference[2] = everySecondTap(reference[2]!)
      const expected = new Map(names.map((name, k) => [name, reference[k]!]))
      expectSameGradient(materializedGradients(block, row), expected, layersModelOf(model))
    }
  })

  it.each([
    { scale: false, center: true },
    { scale: true, center: false },
    { scale: false, center: false },
  ])(
    'equal those with the missing weights at 1 and 0, where batch normalisation has scale $scale, center $center',
    async (options) => {
      const inputs = [[3, 4, 2]]
      const { model, x, y } = instantiate({ title: '', inputs, build: batchNormalised(options) })
      const full = instantiate({
        title: '',
        inputs,
        build: batchNormalised({ scale: true, center: true }),
      }).model
      // The weights that the model has, in their order; a missing gamma is 1, and a missing beta 0.
      const kinds = (of: tf.LayersModel): string[] =>
        of.weights.map(({ name }) => name.split('/')[1]!.replace(/_\d+$/, ''))
      tf.tidy(() => {
        const own = model.getWeights()
        full.setWeights(
          kinds(full).map((kind, k) => {
            const { shape } = full.weights[k]!
            const isMissing =
              (kind === 'gamma' && !options.scale) || (kind === 'beta' && !options.center)
            if (isMissing)
              return kind === 'gamma' ? tf.ones(shape as number[]) : tf.zeros(shape as number[])
            return own.shift()!
          }),
        )
      })
      using session = await tfjsPredictor(model).open(device, { allowSoftware: true })
      const block = await hostGradients(session, x, y, 'sparseCategoricalCrossentropyFromLogits')
      for (let row = 0; row < exampleCount; row++) {
        const whole = [...singleGradient(layersModelOf(full), x, y, row)].filter(
          ([name]) =>
            !(name.includes('gamma') && !options.scale) &&
            !(name.includes('beta') && !options.center),
        )
        const expected = new Map(model.trainableWeights.map(({ name }, k) => [name, whole[k]![1]]))
        expectSameGradient(materializedGradients(block, row), expected, layersModelOf(model))
      }
    },
  )

  it('warn once that examples are computed one by one', async () => {
    const { model, x, y } = instantiate(
      perExampleCases.find(({ oneByOne }) => oneByOne !== undefined)!,
    )
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined)
    using session = await tfjsPredictor(model).open(device, { allowSoftware: true })
    await hostGradients(session, x, y, 'sparseCategoricalCrossentropyFromLogits')
    await hostGradients(session, x, y, 'sparseCategoricalCrossentropyFromLogits')
    expect(warn).toHaveBeenCalledTimes(1)
    warn.mockRestore()
  })

  it('are those of a batched pass where a layer has the batch as its second axis', async () => {
    const data = [randomInput([3, 2], 1), labels()] as const
    await expectRightAfterWarning(timeMajorModel(), data, device, '')
  })

  it('are computed one by one if the model reorders the examples of a batch', async () => {
    const data = [randomInput([6], 1), labels()] as const
    const warning = 'the batched pass differs from single examples'
    await expectRightAfterWarning(reversedModel(), data, device, warning)
  })

  it.each(lossFunctions)(
    'use a loss function that $title with its value for one example',
    async ({ lossFn }) => {
      const { model, x, y } = instantiate(perExampleCases[2]!)
      const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined)
      using session = await tfjsPredictor(model).open(device, { allowSoftware: true })
      const block = await hostGradients(session, x, y, lossFn)
      expect(warn.mock.calls.length).toBe(0)
      warn.mockRestore()
      for (let row = 0; row < exampleCount; row++) {
        expectSameGradient(
          materializedGradients(block, row),
          singleGradient(layersModelOf(model), x, y, row, lossFn),
          layersModelOf(model),
        )
      }
    },
  )
})
