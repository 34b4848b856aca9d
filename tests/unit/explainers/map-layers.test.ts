import * as ort from 'onnxruntime-node'
import {
  functionPredictor,
  GradCam,
  Gradient,
  type NdArray,
  Occlusion,
  type Predictor,
} from 'gradlens'
import { onnxPredictor } from 'gradlens/onnx'
import { tfjsPredictor } from 'gradlens/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import { interpolate } from '../../../src/explainers/attribution/maps/interpolate.js'
import golden from '../../fixtures/class-activation.json'
import { useDevice } from '../../support/devices/devices.js'
import { densePredictor } from '../../support/models/dense-net.js'
import {
  architecturePredictor,
  examplesOf,
  readArchitecture,
} from '../../support/models/architectures.js'
import { generateFloats } from '../../support/models/generated.js'
import { randomLayers } from '../../support/models/small-nets.js'
import { sequentialOf } from '../../support/models/tfjs-nets.js'
import { exporters, readExport, readTorchNet } from '../../support/onnx/torch-nets.js'
import { expectNear, largest } from '../../support/references/differences.js'
import { expectError } from '../../support/refusals.js'

const tolerance = 1e-5

/** relu(Σ_c mean(∂F/∂A_c) A_c) of one example, channels first or last. */
async function referenceMap(
  predictor: Predictor,
  x: NdArray,
  layer: string,
  target: number,
  channels: 'first' | 'last',
): Promise<number[]> {
  using session = await predictor.open(predictor.devices?.at(-1) ?? 'cpu', { allowSoftware: true })
  const sites = [predictor.findLayer!('layer', layer, 'outputs')]
  const one = [
    { data: x.data.slice(0, x.data.length / x.shape[0]!), shape: [1, ...x.shape.slice(1)] },
  ]
  const [values] = await session.activations!(one, {}, sites)
  const [slopes] = await session.activationGradients!(one, Int32Array.of(target), {}, { sites })
  const { data, shape } = values![0]!
  const count = channels === 'first' ? shape[1]! : shape.at(-1)!
  const positions = data.length / count
  const at = (c: number, s: number): number =>
    channels === 'first' ? c * positions + s : s * count + c
  return Array.from({ length: positions }, (_, s) => {
    let sum = 0
    for (let c = 0; c < count; c++) {
      let mean = 0
      for (let t = 0; t < positions; t++) mean += slopes![0]!.data[at(c, t)]! / positions
      sum += mean * data[at(c, s)]!
    }
    return Math.max(0, sum)
  })
}

describe('the layer of a class activation map', () => {
  beforeAll(() => useDevice('cpu'))

  it.each(exporters)(
    'of PyTorch nets is found in ONNX files of the %s exporter',
    async (exporter) => {
      for (const [name, last, positions, enlarged] of [
        ['cnn', /leaky_?relu/i, [6, 6], [1, 12, 12]],
        ['resnet18', /layer3.1\/Relu_1|relu_12/, [2, 2], [1, 32, 32]],
        ['mobilenet-v3', /HardSwish_1|hardswish_5/, [3, 3], [1, 24, 24]],
        ['text-cnn', /relu_1/i, [7], [9]],
      ] as const) {
        const { x } = readTorchNet(name)
        const predictor = await onnxPredictor(ort, readExport(name, exporter))
        using explainer = new GradCam(predictor, { device: 'native' })
        const e = await explainer.explain(x, { target: 1 })
        const layer = e.meta.params['mapLayer'] as string
        const expected = await referenceMap(predictor as Predictor, x, layer, 1, 'first')
        expect(layer).toMatch(last)
        expect(e.maps.shape).toEqual([3, ...positions])
        expect(e.attributions[0]!.shape).toEqual([3, ...enlarged])
        expectNear(
          e.maps.data.slice(0, expected.length),
          expected,
          tolerance * Math.max(...expected, 0.1),
        )
      }
    },
  )

  it.each([
    // Both end in convolutions of one position.
    ['efficientnet-b0', 'block6a_expand_activation/mul_1'],
    ['mobilenet-v3-small', 'multiply_11/mul'],
  ])('of the GraphModel %s is found', async (name, last) => {
    const architecture = await readArchitecture(`graphs/${name}`)
    const predictor = await architecturePredictor(architecture)
    const [x] = examplesOf(architecture)
    using explainer = new GradCam(predictor, { device: 'wasm' })
    const e = await explainer.explain(x!, { target: 1 })
    const layer = e.meta.params['mapLayer'] as string
    expect(layer).toBe(`StatefulPartitionedCall/model/${last}`)
    const expected = await referenceMap(predictor as Predictor, x!, layer, 1, 'last')
    expectNear(e.maps.data.slice(0, expected.length), expected, 1e-4 * Math.max(...expected, 0.1))
  })
})

describe('class activation maps', () => {
  beforeAll(() => useDevice('cpu'))

  it.each(golden.nets)('of $name are those of TensorFlow in float64', async (net) => {
    const architecture = await readArchitecture(`layers/${net.name}`)
    const predictor = await architecturePredictor(withSide(architecture, net.side))
    const size = 2 * net.side ** 2 * 3
    const x = { data: generateFloats('x', size, 1, 0), shape: [2, net.side, net.side, 3] }
    for (const [method, wanted] of [
      ['grad_cam', net.gradCam],
      ['layer_cam', net.layerCam],
    ] as const) {
      using explainer = new GradCam(predictor, { device: 'wasm', method })
      const e = await explainer.explain(x, { target: net.target })
      expect(e.meta.params['mapLayer']).toBe(net.layer)
      expect(e.maps.shape).toEqual(net.shape)
      expectNear(e.maps.data, wanted, tolerance * largest(Float64Array.from(wanted)))
      expect(e.attributions[0]!.shape).toEqual([2, net.side, net.side, 1])
    }
  })
})

/** The same model for pictures of another size. */
function withSide(
  architecture: Awaited<ReturnType<typeof readArchitecture>>,
  side: number,
): Awaited<ReturnType<typeof readArchitecture>> {
  const topology = JSON.parse(
    JSON.stringify(architecture.topology).replace(
      /"batch_input_shape":\[null,\d+,\d+,3\]/,
      `"batch_input_shape":[null,${side},${side},3]`,
    ),
  ) as object
  return { ...architecture, topology }
}

describe('class activation maps refuse', () => {
  beforeAll(() => useDevice('cpu'))

  const picture = { data: generateFloats('x', 2 * 3 * 12 * 12, 1, 0), shape: [2, 3, 12, 12] }

  it('models without convolutions or layers, and name the way out', async () => {
    const dense = sequentialOf(randomLayers([4, 6, 3], 'softmax'))
    for (const predictor of [
      tfjsPredictor(dense),
      densePredictor(randomLayers([4, 6, 3], 'softmax')),
    ]) {
      using explainer = new GradCam(predictor as Predictor, { device: 'cpu' })
      await expectError(
        () => explainer.explain([1, 2, 3, 4], { target: 0 }),
        'UnsupportedError',
        ...['layer: no convolution', 'IntegratedGradients or Occlusion'],
      )
    }
  })

  it('layers with unknown channels, unless the option states them', async () => {
    const known = await onnxPredictor(ort, readExport('cnn', 'legacy'))
    const unknown = {
      ...known,
      findLayer: (...given: Parameters<NonNullable<typeof known.findLayer>>) => {
        const { layer, at, tensors } = known.findLayer!(...given)
        return { layer, at, ...(tensors && { tensors }) }
      },
    }
    using guessing = new GradCam(unknown, { device: 'native', layer: '/LeakyRelu' })
    await expectError(
      () => guessing.explain(picture, { target: 0 }),
      ...(['InvalidArgumentError', "channels: got none, for layer '/LeakyRelu'"] as const),
    )
    using told = new GradCam(unknown, { device: 'native', layer: '/LeakyRelu', channels: 'first' })
    using own = new GradCam(known, { device: 'native' })
    const [wanted, found] = [
      await own.explain(picture, { target: 0 }),
      await told.explain(picture, { target: 0 }),
    ]
    expect([...found.maps.data]).toEqual([...wanted.maps.data])
  })

  it('layers without spatial axes', async () => {
    const predictor = tfjsPredictor(sequentialOf(randomLayers([4, 6, 3], 'softmax')))
    using explainer = new GradCam(predictor, {
      device: 'cpu',
      layer: (model: { layers: unknown[] }) => model.layers[0],
    })
    await expectError(
      () => explainer.explain([1, 2, 3, 4], { target: 0 }),
      'InvalidArgumentError',
      ...[
        'layer: got',
        'whose outputs [examples, 6] have no spatial axis',
        '[examples, height, width, channels]',
      ],
    )
  })

  it('unknown layers, inputs and options', async () => {
    const predictor = await onnxPredictor(ort, readExport('cnn', 'legacy'))
    using unknown = new GradCam(predictor, { device: 'native', layer: 'conv9' })
    await expectError(
      () => unknown.explain(picture, { target: 0 }),
      'InvalidArgumentError',
      "'conv9'",
    )
    using several = new GradCam(predictor, {
      device: 'native',
      layer: ['/LeakyRelu', '/LeakyRelu'],
    })
    await expectError(
      () => several.explain(picture, { target: 0 }),
      ...(['InvalidArgumentError', 'layer: got 2 layers; expected one layer'] as const),
    )
    using input = new GradCam(predictor, { device: 'native', input: 'z' })
    await expectError(
      () => input.explain(picture, { target: 0 }),
      'InvalidArgumentError',
      "input: got 'z'",
    )
    for (const options of [
      { method: 'cam' },
      { interpolation: 'cubic' },
      { channels: 'middle' },
      { layers: 1 },
    ]) {
      await expectError(() => new GradCam(predictor, options as object), 'InvalidArgumentError')
    }
  })
})

describe('occlusion refuses', () => {
  const predictor = functionPredictor((x) => x, { inputs: [{ shape: [4] }] })

  it.each([
    [
      { windowShape: [5] },
      'windowShape: got [5]; expected an integer for each axis of an example, from 1 to those of an example, [4]',
    ],
    [{ windowShape: [1, 1] }, 'windowShape: got [1, 1]'],
    [
      { windowShape: [2], strides: [3] },
      'strides: got [3]; expected an integer for each axis of an example, from 1 to those of the window, [2]',
    ],
    [{ windowShape: { y: [1] } }, "'y'"],
    [{ windowShape: 2 as never }, 'windowShape: got'],
  ])('windows that do not fit: %j', async (options, part) => {
    using explainer = new Occlusion(predictor, options)
    await expectError(
      () => explainer.explain([1, 2, 3, 4], { target: 0 }),
      'InvalidArgumentError',
      part,
    )
  })

  it('fractional baselines of integers', async () => {
    const tokens = functionPredictor((x) => x, { inputs: [{ shape: [4], dtype: 'int32' }] })
    using explainer = new Occlusion(tokens)
    await expectError(
      () => explainer.explain([1, 2, 3, 4], { target: 0, baselines: 0.5 }),
      ...(['InvalidArgumentError', 'baselines: got 0.5; expected whole numbers'] as const),
    )
  })

  it('gradients of a function, and outputs without examples', async () => {
    using gradient = new Gradient(predictor)
    await expectError(
      () => gradient.explain([1, 2, 3, 4], { target: 0 }),
      ...(['UnsupportedError', 'is a function without gradients', 'Use Occlusion'] as const),
    )
    const single = functionPredictor(() => [1, 2, 3, 4, 5], { inputs: [{ shape: [4] }] })
    using explainer = new Occlusion(single)
    await expectError(
      () => explainer.explain([1, 2, 3, 4], { target: 0 }),
      ...(['InvalidArgumentError', 'shape [5] for 1 examples'] as const),
    )
    for (const [predict, inputs] of [
      [1, [{ shape: [4] }]],
      [(x: unknown) => x, []],
      [(x: unknown) => x, [{}]],
    ]) {
      await expectError(
        () => functionPredictor(predict as never, { inputs: inputs as never }),
        'InvalidArgumentError',
      )
    }
  })
})

describe('interpolation of maps', () => {
  it.each(golden.resized)(
    'to $shape is that of tf.image.resize',
    ({ shape, bilinear, nearest }) => {
      const map = Float64Array.from(golden.map)
      expectNear(interpolate(map, [5, 4], shape, 'bilinear'), bilinear, 1e-6)
      expectNear(interpolate(map, [5, 4], shape, 'nearest'), nearest, 1e-7)
    },
  )
})
