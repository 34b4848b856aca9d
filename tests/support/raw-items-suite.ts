import { ExpectedGradients, Gradient, GradientSimilarity, IntegratedGradients } from 'gradlens'
import { beforeAll, describe, expect, it } from 'vitest'
import { devices, useDevice } from './devices.js'
import { expectNear } from './differences.js'
import { rawItemKinds, texted } from './raw-item-models.js'

/** The same numbers in passes of other sizes, of order 1, in float32. */
const tolerance = 1e-5

const target = [0, 1, 2, 0, 1]
const classes = [0, 2, 1, 1, 0]

/** Raw items explained as the arrays that they become. */
export function rawItemsSuite(): void {
  describe.each(devices)('raw items on %s', (device) => {
    beforeAll(() => useDevice('cpu'))

    it.each(rawItemKinds)(
      'of $kind have the attributions of their arrays, and are preprocessed batch by batch where the page computes',
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

    it('rank as their arrays, kept or not, and come back as they are', async () => {
      const { x, plain, raw, items, calls } = texted()
      for (const precomputeGrads of [false, true]) {
        const options = { device, precomputeGrads, topK: 2, batchSize: 2 }
        const loss = 'sparseCategoricalCrossentropy'
        using explainer = new GradientSimilarity(plain, loss, options)
        using rawExplainer = new GradientSimilarity(raw, loss, options)
        await explainer.fit(x, classes)
        await rawExplainer.fit(items, classes)
        const wanted = await explainer.explain(x)
        calls.length = 0
        const e = await rawExplainer.explain([...items])
        expectNear(e.scores.data, wanted.scores.data, tolerance)
        expect(e.orderedIndices).toEqual(wanted.orderedIndices)
        // Of the test examples alone.
        expect(calls.map(({ count }) => count)).toEqual([2, 2, 1])
        const order = wanted.orderedIndices.data
        const rows = items.map((_, i) => [...order.subarray(i * 5, (i + 1) * 5)])
        expect(e.mostSimilar).toEqual(rows.map(([a, b]) => [items[a!], items[b!]]))
        expect(e.leastSimilar).toEqual(rows.map(([, , , y, z]) => [items[z!], items[y!]]))
      }
    })
  })
}
