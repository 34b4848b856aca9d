import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, test } from 'vitest'
import { ensureBackend } from '../../../src/tfjs/engine/backend-registry.js'
import { runOn } from '../../../src/tfjs/engine/engine.js'
import { useDevice, type TestDevice } from '../devices/devices.js'
import { forwardCases, type ForwardCase } from '../cases/forward-cases.js'
import { keepOnGpu } from '../devices/gpu-resident.js'
import { relativeError, sizeOf } from '../cases/gradient-case.js'
import { seededRandom, uniform } from '../random.js'

/** WGSL allows its elementary functions (here exp, log, pow and atan2) an absolute error of 2⁻¹¹. */
const tolerance = 2 ** -11

/** A shape of each rank: an axis of 1, and two last axes, one of which shaders take four at a time. */
const lengths = [2, 3, 1, 4, 3, 8]

/** Compares outputs, shapes and types with the cpu's. Gradients are tested as central differences of such outputs. */
export function describeForward(devices: readonly TestDevice[]): void {
  beforeAll(async () => {
    await ensureBackend('cpu')
    await useDevice(devices[0]!)
  })
  keepOnGpu()

  describe.each(devices)('on %s', (device) => {
    for (const [group, cases] of Object.entries(forwardCases)) {
      describe(group, () => {
        for (const forwardCase of cases) testForward(device, forwardCase)
      })
    }
  })
}

interface Output {
  readonly values: ArrayLike<number>
  readonly shape: readonly number[]
  readonly dtype: tf.DataType
}

function testForward(device: TestDevice, { title, ranks, f }: ForwardCase): void {
  test(`${title}, of rank ${ranks.join(', ')}, equals the cpu's`, async () => {
    await ensureBackend(device)
    for (const rank of ranks) {
      const shape = lengths.slice(0, rank)
      const expected = await backend('cpu', f, shape)
      const found = await backend(device, f, shape)
      expect(found.shape, `rank ${rank}`).toEqual(expected.shape)
      expect(found.dtype, `rank ${rank}`).toBe(expected.dtype)
      const error = relativeError(found.values, expected.values)
      expect(error, `rank ${rank}`).toBeLessThan(tolerance)
    }
  })
}

async function backend(
  device: TestDevice,
  f: ForwardCase['f'],
  shape: readonly number[],
): Promise<Output> {
  const values = uniform(seededRandom(3), sizeOf(shape), [-1, 1])
  const y = runOn(device, () => f(tf.tensor(values, [...shape])).clone())
  try {
    return { values: await y.data(), shape: y.shape, dtype: y.dtype }
  } finally {
    y.dispose()
  }
}
