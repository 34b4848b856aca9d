import * as tf from '@tensorflow/tfjs'
import type { ConvolutionGeometry } from 'gradlens'
import { beforeAll, describe, expect, it, type MockInstance, onTestFinished, vi } from 'vitest'
import { compileKernels } from '../../../scripts/build/compile-kernels.mjs'
import { contractPatches } from '../../../src/gradients/patches.js'
import { ensureBackend } from '../../../src/tfjs/engine/backend-registry.js'
import { runOn } from '../../../src/tfjs/engine/engine.js'
import { filterGradients } from '../../../src/tfjs/kernels/convolution.js'
import { heapBinary } from '../../../src/tfjs/kernels/heap-binary.js'
import { findHeap } from '../../../src/tfjs/kernels/heap.js'
import { sharedHeapBinary } from '../../../src/tfjs/kernels/shared-heap-binary.js'
import { useDevice } from '../../support/devices/devices.js'
import { relativeError } from '../../support/cases/gradient-case.js'
import { seededRandom, uniform } from '../../support/random.js'
import { gradientsOn } from '../../support/references/tape-gradients.js'

/** Float32 sums of at most 200 products of numbers below 1, relative to the largest. */
const tolerance = 5e-6

interface Case {
  readonly title: string
  readonly size: number
  readonly channels: number
  readonly outputs: number
  readonly taps: number
  readonly strides: number
  readonly dilations: number
  readonly pad: 'same' | 'valid'
  /** The share of δ that is not 0. */
  readonly density: number
}

const plain = { strides: 1, dilations: 1, pad: 'same' } as const
const cases: readonly Case[] = [
  { title: 'all of δ', size: 7, channels: 16, outputs: 6, taps: 3, ...plain, density: 1 },
  { title: 'a fourth of δ', size: 7, channels: 32, outputs: 6, taps: 2, ...plain, density: 0.25 },
  { title: 'a δ of zeros', size: 5, channels: 16, outputs: 3, taps: 3, ...plain, density: 0 },
  {
    title: 'a tenth of δ, of 52 channels',
    size: 6,
    channels: 52,
    outputs: 5,
    taps: 3,
    ...plain,
    density: 0.1,
  },
  {
    title: 'a fourth of δ, of 17 channels',
    size: 6,
    channels: 17,
    outputs: 5,
    taps: 3,
    ...plain,
    density: 0.25,
  },
  {
    title: 'a fourth of δ, in strides that leave a row out',
    size: 8,
    channels: 20,
    outputs: 4,
    taps: 3,
    strides: 2,
    dilations: 1,
    pad: 'valid',
    density: 0.25,
  },
  {
    title: 'a fourth of δ, with a dilated filter',
    size: 9,
    channels: 16,
    outputs: 4,
    taps: 3,
    strides: 1,
    dilations: 2,
    pad: 'same',
    density: 0.25,
  },
]

const batch = 3

function problem({ size, channels, outputs, taps, strides, dilations, pad, density }: Case): {
  geometry: ConvolutionGeometry
  x: Float32Array
  filter: Float32Array
  delta: Float32Array
} {
  const random = seededRandom(5)
  const info = tf.backend_util.computeConv2DInfo(
    [batch, size, size + 1, channels],
    [taps, taps, channels, outputs],
    strides,
    dilations,
    pad,
  )
  const { outHeight, outWidth } = info
  const delta = uniform(random, batch * outHeight * outWidth * outputs, [-1, 1])
  const chances = uniform(random, delta.length, [0, 1])
  return {
    geometry: {
      ...info,
      filterHeight: taps,
      filterWidth: taps,
      padTop: info.padInfo.top,
      padLeft: info.padInfo.left,
    },
    x: uniform(random, batch * size * (size + 1) * channels, [-1, 1]),
    filter: uniform(random, taps * taps * channels * outputs, [-1, 1]),
    delta: delta.map((value, k) => (chances[k]! < density ? value : 0)),
  }
}

describe("the kernels on tfjs's heap", () => {
  beforeAll(async () => {
    await ensureBackend('wasm')
    await useDevice('cpu')
  })

  it.each([
    { build: 'heap', binary: heapBinary },
    { build: 'sharedHeap', binary: sharedHeapBinary },
  ] as const)('are what their source compiles to, for the $build', async ({ build, binary }) => {
    expect(await compileKernels(build)).toBe(binary)
  })

  it('are compiled for memory that threads share, too', async () => {
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 65_536, shared: true })
    const bytes = Buffer.from(sharedHeapBinary, 'base64')
    const { instance } = await WebAssembly.instantiate(bytes, { env: { memory } })
    const values = new Float32Array(memory.buffer, 0, 4).fill(1)
    const { zero } = instance.exports as { zero: (address: number, byteLength: number) => void }
    zero(4, 8)
    expect([...values]).toEqual([1, 0, 0, 1])
  })

  it.each(cases)('compute filter gradients from $title as plain loops do', async (of) => {
    const { geometry, x, delta } = problem(of)
    const found = runOn('wasm', () => {
      const { inHeight, inWidth, inChannels, outHeight, outWidth, outChannels } = geometry
      const image = tf.tensor(x.slice(), [batch, inHeight, inWidth, inChannels])
      const gradient = tf.tensor(delta.slice(), [batch, outHeight, outWidth, outChannels])
      return filterGradients(image, gradient, geometry)!
    })
    const values = await found.data()
    found.dispose()
    const expected = contractPatches(x, delta, geometry, batch)
    expect(values.length).toBe(expected.length)
    expect(relativeError(values, expected)).toBeLessThan(tolerance)
  })

  it.each(cases)('compute the gradient of the input from $title as the cpu does', async (of) => {
    const { geometry, x, filter, delta } = problem(of)
    const { inHeight, inWidth, inChannels, filterHeight, filterWidth, outChannels } = geometry
    const shapes = [
      [batch, inHeight, inWidth, inChannels],
      [filterHeight, filterWidth, inChannels, outChannels],
    ]
    const convolve = (image: tf.Tensor, by: tf.Tensor): tf.Tensor =>
      tf.conv2d(image as tf.Tensor4D, by as tf.Tensor4D, of.strides, of.pad, 'NHWC', of.dilations)
    const f = convolve
    const expected = await gradientsOn('cpu', f, shapes, [x, filter], delta)
    const found = await gradientsOn('wasm', f, shapes, [x, filter], delta)
    const scale = expected.gradients[0]!.length
    expect(found.gradients[0]).toHaveLength(scale)
    if (of.density === 0) expect(Math.max(...Array.from(found.gradients[0]!, Math.abs))).toBe(0)
    else expect(relativeError(found.gradients[0]!, expected.gradients[0]!)).toBeLessThan(tolerance)
  })

  it.each([
    { shape: [3, 5, 7, 37], axes: [1, 2] },
    { shape: [3, 5, 7, 4], axes: [0] },
    { shape: [4, 6, 3], axes: [1] },
    { shape: [2, 3, 4, 5], axes: [0, 2] },
    { shape: [2, 3, 4, 5], axes: [2, 3] },
    { shape: [0, 3, 4], axes: [1] },
  ])('sum $shape over the axes $axes as the cpu does', async ({ shape, axes }) => {
    const values = uniform(
      seededRandom(2),
      shape.reduce((product, length) => product * length, 1),
      [-1, 1],
    )
    for (const keepDims of [false, true]) {
      const [expected, found] = (['cpu', 'wasm'] as const).map((device) =>
        runOn(device, () => tf.sum(tf.tensor(values.slice(), shape), axes, keepDims)),
      )
      expect(found!.shape).toEqual(expected!.shape)
      const [sums, sumsOnHeap] = await Promise.all([expected!.data(), found!.data()])
      tf.dispose([expected!, found!])
      expect(sumsOnHeap).toHaveLength(sums.length)
      if (sums.length > 0) expect(relativeError(sumsOnHeap, sums)).toBeLessThan(tolerance)
    }
  })

  it("leave the work to tfjs if the page can't compile them", async () => {
    const factory = tf.findBackendFactory('wasm')
    const renewBackend = (): void => {
      tf.removeBackend('wasm')
      tf.registerBackend('wasm', factory)
    }
    renewBackend()
    // The other files of this process get a backend with its kernels again.
    onTestFinished(renewBackend)
    const instantiate = WebAssembly.instantiate as (...given: unknown[]) => Promise<unknown>
    const ours = Buffer.from(heapBinary, 'base64')
    const spy = vi.spyOn(WebAssembly, 'instantiate') as unknown as MockInstance<typeof instantiate>
    spy.mockImplementation((bytes, imports) =>
      bytes instanceof Uint8Array && Buffer.compare(bytes, ours) === 0
        ? Promise.reject(new WebAssembly.CompileError('refused'))
        : instantiate(bytes, imports),
    )
    await ensureBackend('wasm')
    spy.mockRestore()
    const f = (x: tf.Tensor, filter?: tf.Tensor): tf.Tensor => {
      const convolved = tf.conv2d(x as tf.Tensor4D, filter as tf.Tensor4D, 1, 'same')
      return tf.sum(tf.maxPool(tf.relu(convolved), 2, 2, 'valid'), [1, 2])
    }
    const random = seededRandom(9)
    const shapes = [
      [2, 6, 6, 16],
      [3, 3, 16, 4],
    ]
    const inputs = [uniform(random, 1152, [-1, 1]), uniform(random, 576, [-1, 1])]
    const weights = uniform(random, 8, [-1, 1])
    const expected = await gradientsOn('cpu', f, shapes, inputs, weights)
    const found = await gradientsOn('wasm', f, shapes, inputs, weights)
    for (const [k, gradient] of expected.gradients.entries()) {
      expect(relativeError(found.gradients[k]!, gradient)).toBeLessThan(tolerance)
    }
    expect(runOn('wasm', () => findHeap() ?? 'none')).toBe('none')
  })
})
