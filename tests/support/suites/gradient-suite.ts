import { beforeAll, describe, expect, test } from 'vitest'
import { isGradlensError } from '../../../src/errors.js'
import { ensureBackend } from '../../../src/tfjs/engine/backend-registry.js'
import { useDevice, type TestDevice } from '../devices/devices.js'
import {
  centralDifferences,
  inputsOf,
  relativeError,
  sizeOf,
  type GradientCase,
  type Smoothness,
} from '../cases/gradient-case.js'
import { keepOnGpu } from '../devices/gpu-resident.js'
import { seededRandom, uniform } from '../random.js'
import { forwardOnCpu, gradientsOn } from '../references/tape-gradients.js'

/** Relative to the largest component. The differences themselves are no better: f is evaluated in float32. */
const gradientTolerances: Readonly<Record<Smoothness, number>> = {
  // Steps of 0.5: only rounding is left, in sums of about 50 products.
  linear: 5e-6,
  // Steps of 0.02, so 25 times the rounding of the linear ones.
  'piecewise linear': 1e-4,
  // Steps of 0.03, and derivatives down to 1/24 of what was rounded (one summand's share in a log-sum-exp).
  smooth: 3e-4,
}

/** Of outputs and of smooth gradients on webgpu: WGSL allows sin and cos an absolute error of 2⁻¹¹. */
const wgslTolerance = 2 ** -11

/** Of outputs elsewhere: backends sum in different orders and have their own exp, tanh, …. */
const forwardTolerance = 2e-5

function tolerancesOn(device: TestDevice, smoothness: Smoothness): { y: number; gradient: number } {
  const gradient = gradientTolerances[smoothness]
  if (device !== 'webgpu' || smoothness !== 'smooth') return { y: forwardTolerance, gradient }
  return { y: wgslTolerance, gradient: Math.max(wgslTolerance, gradient) }
}

interface Reference {
  readonly x: Float32Array[]
  readonly weights: Float32Array
  readonly y: ArrayLike<number>
  readonly gradients: Float64Array[]
}

/** Computed once for all devices, because the differences take longer than the gradients. */
const references = new Map<GradientCase, Reference>()

function referenceOf(gradientCase: GradientCase): Reference {
  let reference = references.get(gradientCase)
  if (reference === undefined) {
    const { f, shapes, smoothness } = gradientCase
    const x = inputsOf(gradientCase)
    const { data: y, shape } = forwardOnCpu(f, shapes, x)
    const weights = uniform(seededRandom(7), sizeOf(shape), [0.5, 1.5])
    const forward = (moved: readonly Float32Array[]): ArrayLike<number> =>
      forwardOnCpu(f, shapes, moved).data
    const gradients = centralDifferences(forward, x, weights, smoothness)
    references.set(gradientCase, (reference = { x, weights, y, gradients }))
  }
  return reference
}

/** Each case on each device against central differences of the cpu's forward pass. */
export function describeGradients(
  groups: Readonly<Record<string, readonly GradientCase[]>>,
  devices: readonly TestDevice[],
): void {
  beforeAll(async () => {
    await ensureBackend('cpu')
    await useDevice(devices[0]!)
  })
  keepOnGpu()
  describe.each(devices)('on %s', (device) => {
    for (const [group, cases] of Object.entries(groups)) {
      describe(group, () => {
        for (const gradientCase of cases) {
          if (gradientCase.refusedOn?.includes(device)) testRefusal(device, gradientCase)
          else testGradients(device, gradientCase)
        }
      })
    }
  })
}

function testGradients(device: TestDevice, gradientCase: GradientCase): void {
  const { title, f, shapes, smoothness } = gradientCase
  test(`the gradient of ${title} equals its central differences`, async () => {
    const { x, weights, y, gradients } = referenceOf(gradientCase)
    const found = await gradientsOn(device, f, shapes, x, weights)
    const tolerances = tolerancesOn(device, smoothness)
    expect(relativeError(found.y, y)).toBeLessThan(tolerances.y)
    expect(found.gradients).toHaveLength(gradients.length)
    gradients.forEach((expected, index) => {
      const error = relativeError(found.gradients[index] ?? [], expected)
      expect(error).toBeLessThan(tolerances.gradient)
    })
  })
}

function testRefusal(device: TestDevice, gradientCase: GradientCase): void {
  const { title, f, shapes } = gradientCase
  test(`the gradient of ${title} is refused by name`, async () => {
    const { x, weights } = referenceOf(gradientCase)
    const error: unknown = await gradientsOn(device, f, shapes, x, weights).catch(
      (reason: unknown) => reason,
    )
    expect(isGradlensError(error, 'UnsupportedError')).toBe(true)
    expect(String(error)).toContain(device)
  })
}
