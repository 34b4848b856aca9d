import type { GradientBlock } from 'gradlens'
import { expect, it } from 'vitest'
import type { GradientBackend } from '../../../src/compute/gradient-backend.js'
import { openCpuBackend } from '../../../src/compute/cpu-backend.js'
import type { Ranking } from '../../../src/compute/ranking.js'
import { openWebgpuBackend } from '../../../src/compute/webgpu/open.js'
import { limited, sharedGpuDevice, watched } from '../../support/devices/gpu-device.js'
import { randomBlock, type SegmentShape } from '../../support/gradients/random-blocks.js'

const similarity = { name: 'grad_cos', eps: 0 } as const

async function ranked(
  backend: GradientBackend,
  test: GradientBlock,
  train: GradientBlock,
  counts: { most: number; least: number },
): Promise<Ranking> {
  const { exampleCount: testCount } = test
  const { exampleCount: trainCount } = train
  using ranker = backend.openRanking({ testCount, trainCount, similarity, ...counts })
  using tests = await backend.upload(structuredClone(test))
  using trains = await backend.upload(structuredClone(train))
  await ranker.add(tests, 0, trains, 0)
  return await ranker.finish()
}

it('runs more than 65,535 workgroups', async () => {
  const trainCount = 65_537
  const column = (values: Float32Array): GradientBlock => ({
    exampleCount: values.length,
    segments: [{ kind: 'dense', parameter: 'θ', size: 1, values }],
  })
  // Every product of these is exact.
  const train = Float32Array.from({ length: trainCount }, (_, k) => (k * 31) % trainCount)
  using backend = await openWebgpuBackend(await sharedGpuDevice())
  using ranker = backend.openRanking({
    testCount: 1,
    trainCount,
    similarity: { name: 'grad_dot', eps: 0 },
    most: 3,
    least: 2,
  })
  using tests = await backend.upload(column(Float32Array.of(2)))
  using trains = await backend.upload(column(train))
  await ranker.add(tests, 0, trains, 0)
  const { scores, leastIndices } = await ranker.finish()
  expect(Array.from(scores)).toEqual(
    [trainCount - 1, trainCount - 2, trainCount - 3].map((value) => 2 * value),
  )
  expect(train[leastIndices[0]!]).toBe(0)
})

const shapes: SegmentShape[] = [
  { kind: 'dense', size: 700 },
  { kind: 'factored', positions: 1, inputSize: 90, outputSize: 50 },
  { kind: 'factored', positions: 25, inputSize: 30, outputSize: 20 },
  { kind: 'lookup', positions: 20, rowSize: 20, parameterRows: 60 },
]

it('splits data longer than a binding or a buffer, with identical results', async () => {
  const test = randomBlock(shapes, 4, 1)
  const train = randomBlock(shapes, 17, 2)
  const device = await sharedGpuDevice()
  using backend = await openWebgpuBackend(device)
  for (const counts of [
    { most: 17, least: 17 },
    { most: 5, least: 7 },
  ]) {
    const whole = await ranked(backend, test, train, counts)
    // The longest array has 750 numbers per row, 51,000 bytes in all.
    const use = watched(device)
    limited(device, { maxStorageBufferBindingSize: 15_000, maxBufferSize: 20_000 })
    expect(await ranked(backend, test, train, counts)).toEqual(whole)
    expect(use.buffers.size).toBe(0)
    Reflect.deleteProperty(device, 'limits')
    Reflect.deleteProperty(device, 'createBindGroup')
  }
})

it('reports if not even one gradient fits', async () => {
  const limits = { maxStorageBufferBindingSize: 4096, maxBufferSize: 16_384 }
  using backend = await openWebgpuBackend(limited(await sharedGpuDevice(), limits))
  const block = randomBlock([{ kind: 'dense', size: 2000 }], 1, 3)
  await expect(backend.upload(block)).rejects.toMatchObject({
    name: 'DeviceError',
    message: expect.stringContaining('8000 bytes') as string,
  })
})

it('sorts rows longer than a block of the network, of any length, ties and infinities included', async () => {
  using gpu = await openWebgpuBackend(await sharedGpuDevice())
  using cpu = openCpuBackend()
  for (const trainCount of [1025, 2500]) {
    const train = randomBlock([{ kind: 'dense', size: 1 }], trainCount, 4)
    const [segment] = train.segments
    const values = segment?.kind === 'dense' ? segment.values : new Float32Array()
    for (const [k, value] of values.entries()) values[k] = Math.round(100 * value)
    values[7] = NaN
    values[trainCount - 1] = Infinity
    const test = randomBlock([{ kind: 'dense', size: 1 }], 2, 5)
    const counts = { most: trainCount, least: 9 }
    const { indices, leastIndices, nonFinite } = await ranked(gpu, test, train, counts)
    const expected = await ranked(cpu, test, train, counts)
    expect(indices).toEqual(expected.indices)
    expect(leastIndices).toEqual(expected.leastIndices)
    expect(nonFinite).toEqual(expected.nonFinite)
    const long = await ranked(gpu, test, train, { most: 1023, least: 3 })
    expect(long.indices).toEqual(expected.indices.filter((_, at) => at % trainCount < 1023))
  }
})
