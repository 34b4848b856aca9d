import { expect, it, vi } from 'vitest'
import { createMobileNetV2 } from '../../../bench/models/mobilenet-v2.js'
import { findSoakFaults, soakExplanations } from '../../../scripts/measure/soak-explanations.js'
import { useDevice } from '../../support/devices/devices.js'

/** scripts/measure/soak.ts does the same with pictures of 224 × 224, and 200 times. */
const size = 32
const explanations = 16

it('returns to the memory of its start after explanations of random kinds and sizes, some aborted', async () => {
  await useDevice('wasm')
  const warnings = vi.spyOn(console, 'warn').mockImplementation(() => undefined)
  const model = createMobileNetV2(size)
  try {
    const report = await soakExplanations({
      ...{ model, size, classCount: 1000, explanations, seed: 3 },
    })
    expect(findSoakFaults(report)).toEqual([])
    expect(report.aborted).toBeGreaterThan(0)
    expect(report.aborted).toBeLessThan(explanations)
  } finally {
    model.dispose()
    warnings.mockRestore()
  }
})
