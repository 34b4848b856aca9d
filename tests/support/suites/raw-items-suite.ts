import { ExpectedGradients, Gradient, IntegratedGradients } from 'gradlens'
import { beforeAll, describe, expect, it } from 'vitest'
import { devices, useDevice } from '../devices/devices.js'
import { rawItemKinds } from '../models/raw-item-models.js'

const target = [0, 1, 2, 0, 1]

/** Raw items explained as the arrays that they become. */
export function rawItemsSuite(): void {
  describe.each(devices)('raw items on %s', (device) => {
    beforeAll(() => useDevice('cpu'))

    it.each(rawItemKinds)(
      "of $kind have the attributions of their arrays, and are preprocessed batch by batch on the page's backend",
      async ({ build }) => {
        const { x, plain, raw, items, layer, calls } = await build()
        const options = { device, layer, internalBatchSize: 2 }
        using integrated = new IntegratedGradients(plain, { ...options, nSteps: 2 })
        using rawIntegrated = new IntegratedGradients(raw, { ...options, nSteps: 2 })
        using gradient = new Gradient(plain, options)
        using rawGradient = new Gradient(raw, options)
        using expected = new ExpectedGradients(plain, { ...options, nSamples: 1 })
        using rawExpected = new ExpectedGradients(raw, { ...options, nSamples: 1 })
        const e = await integrated.explain(x, { target })
        const ofItems = await rawIntegrated.explain(items, { target })
        expect(ofItems.attributions).toEqual(e.attributions)
        expect(ofItems.deltas).toEqual(e.deltas)
        expect(ofItems.x).toEqual(e.x)
        expect(calls.map(({ count }) => count)).toEqual([2, 2, 1])
        expect(new Set(calls.map(({ backend }) => backend))).toEqual(new Set(['cpu']))
        expect((await rawGradient.explain(items, { target })).attributions).toEqual(
          (await gradient.explain(x, { target })).attributions,
        )
        expect((await rawExpected.explain(items, { target, background: items })).deltas).toEqual(
          (await expected.explain(x, { target, background: x })).deltas,
        )
      },
    )
  })
}
