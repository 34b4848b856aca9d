import * as ort from 'onnxruntime-node'
import { IntegratedGradients, type NdArray, type Predictor } from 'gradlens'
import { onnxPredictor } from 'gradlens/onnx'
import { tfjsPredictor } from 'gradlens/tfjs'
import { expect, it } from 'vitest'
import { useDevice } from '../../../support/devices/devices.js'
import { convertBytes, loadConverted } from '../../../support/onnx/converted-model.js'
import { bytesOf, floats, nodeOf } from '../../../support/onnx/onnx-models.js'
import { seededRandom, uniform } from '../../../support/random.js'

const random = seededRandom(3)

/** A scaled picture goes into a convolution and, past it, into the sum. */
const bytes = bytesOf({
  nodes: [
    nodeOf('Mul', ['x', 'scale'], 'scaled'),
    nodeOf('Conv', ['scaled', 'filter'], 'convolved', { pads: [1, 1, 1, 1] }),
    nodeOf('Relu', ['convolved'], 'active'),
    nodeOf('Flatten', ['active'], 'flat'),
    nodeOf('Flatten', ['scaled'], 'past'),
    nodeOf('Concat', ['flat', 'past'], 'both', { axis: 1 }),
    nodeOf('Gemm', ['both', 'w'], 'y'),
  ],
  constants: {
    scale: floats([0.5, -1, 2], [1, 3, 1, 1]),
    filter: floats(uniform(random, 2 * 3 * 9, [-1, 1]), [2, 3, 3, 3]),
    w: floats(uniform(random, (2 + 3) * 20 * 2, [-1, 1]), [100, 2]),
  },
  inputs: { x: [3, 4, 5] },
  outputs: ['y'],
})
const x: NdArray = { data: Float32Array.from(uniform(random, 120, [-1, 1])), shape: [2, 3, 4, 5] }

/** Moves the channels of [2, c, 4, 5] to the end. */
function moveLast({ data, shape: [count = 0, channels = 0, ...rest] }: NdArray): number[] {
  const size = rest.reduce((a, b) => a * b, 1)
  return Array.from({ length: data.length }, (_, at) => {
    const [channel, pixel] = [at % channels, Math.floor(at / channels)]
    const [example, place] = [Math.floor(pixel / size), pixel % size]
    return data[(example * channels + channel) * size + place]!
  }).slice(0, count * channels * size)
}

async function attribute<Value>(
  predictor: Predictor<Value>,
  layer: string,
  device: string,
): Promise<{ array: NdArray; channels: unknown }> {
  using explainer = new IntegratedGradients(predictor, {
    layer,
    nSteps: 8,
    device: device as 'wasm',
  })
  const { data, meta } = await explainer.explain(x, { target: 1 })
  return { array: data.attributions[0]!, channels: meta.params['layerChannels'] }
}

it.each(['scaled', 'convolved', 'active'])(
  "attributes to the layer '%s' as ONNX Runtime does, and knows its channels",
  async (layer) => {
    await useDevice('cpu')
    const expected = await attribute(await onnxPredictor(ort, bytes), layer, 'native')
    expect(expected.channels).toEqual(['first'])
    const conversion = convertBytes(bytes, { shapes: [[3, 4, 5]] })
    const converted = tfjsPredictor(await loadConverted(conversion))
    const found = await attribute(converted, conversion.findLayer('layer', layer), 'cpu')
    const inOrder =
      found.channels?.toString() === 'last' ? moveLast(expected.array) : [...expected.array.data]
    expect(['first', 'last']).toContain(found.channels?.toString())
    const largest = Math.max(...inOrder.map(Math.abs))
    for (const [k, value] of inOrder.entries()) {
      expect(Math.abs(found.array.data[k]! - value) / largest).toBeLessThan(1e-5)
    }
  },
)
