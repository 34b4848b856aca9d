import {
  type CallOptions,
  type Device,
  GradientSimilarity,
  IntegratedGradients,
  type Predictor,
} from 'gradlens'
import { describe, expect, it } from 'vitest'
import { errorOf, expectError } from '../refusals.js'
import { testX, trainClasses, trainX } from '../models/small-nets.js'

const loss = 'sparseCategoricalCrossentropy'
/** An explainer of either kind, and a long call on it. */
interface Subject {
  readonly title: string
  readonly start: (predictor: Predictor) => Promise<Started>
}

interface Started extends Disposable {
  readonly call: (options?: CallOptions) => Promise<{ toJSON(): unknown }>
  dispose(): void
  resetPredictor(predictor: Predictor): void
}

const optionsOn = (device: Device) => ({ device, batchSize: 2, precomputeGrads: true }) as const

const subjectsOn = (device: Device): readonly Subject[] => [
  ...[true, false].map((precomputeGrads) => ({
    title: `GradientSimilarity.explain, ${precomputeGrads ? 'with' : 'without'} stored gradients`,
    start: async (predictor: Predictor): Promise<Started> => {
      const explainer = new GradientSimilarity(predictor, loss, {
        ...optionsOn(device),
        precomputeGrads,
      })
      await explainer.fit(trainX, trainClasses)
      return Object.assign(explainer, {
        call: (call?: CallOptions) => explainer.explain(testX, undefined, call),
      })
    },
  })),
  {
    title: 'IntegratedGradients.explain',
    start: (predictor) => {
      const explainer = new IntegratedGradients(predictor, {
        device,
        nSteps: 10,
        internalBatchSize: 5,
      })
      const call = (given?: CallOptions): Promise<{ toJSON(): unknown }> =>
        explainer.explain(testX, { target: 0, ...given })
      return Promise.resolve(Object.assign(explainer, { call }))
    },
  },
]

/**
 * Tests aborted, disposed and overtaken calls, on one device.
 *
 * @param classifier 3 numbers in, the probabilities of 3 classes out; another net for another seed
 */
export function interruptedSuite(device: Device, classifier: (seed?: number) => Predictor): void {
  const options = optionsOn(device)

  describe.each(subjectsOn(device))('$title', ({ start }) => {
    it('that was aborted before its start rejects with the signal’s reason', async () => {
      using explainer = await start(classifier())
      const before = await explainer.call()
      const reason = new Error('never mind')
      const signal = AbortSignal.abort(reason)
      expect(await errorOf(() => explainer.call({ signal }))).toBe(reason)
      expect((await explainer.call()).toJSON()).toEqual(before.toJSON())
    })

    it('that is aborted while it runs rejects with the reason, and the explainer stays as it was', async () => {
      using explainer = await start(classifier())
      const before = await explainer.call()
      const controller = new AbortController()
      const reason = { why: 'the visitor drew another digit' }
      let reports = 0
      const call = (): unknown =>
        explainer.call({
          signal: controller.signal,
          onProgress: () => {
            reports++
            controller.abort(reason)
          },
        })
      expect(await errorOf(call)).toBe(reason)
      expect(reports).toBe(1)
      expect((await explainer.call()).toJSON()).toEqual(before.toJSON())
    })

    it('that is aborted immediately after its start rejects', async () => {
      using explainer = await start(classifier())
      const controller = new AbortController()
      const running = explainer.call({ signal: controller.signal })
      controller.abort()
      const error = await errorOf(() => running)
      expect(error).toBe(controller.signal.reason)
      expect(error).toMatchObject({ name: 'AbortError' })
    })

    it('ignores an abort after its end', async () => {
      using explainer = await start(classifier())
      const controller = new AbortController()
      const before = await explainer.call({ signal: controller.signal })
      controller.abort()
      expect((await explainer.call()).toJSON()).toEqual(before.toJSON())
    })

    it('whose progress callback throws rejects with that error, and the explainer stays as it was', async () => {
      using explainer = await start(classifier())
      const before = await explainer.call()
      const thrown = new Error('the progress bar is gone')
      const onProgress = (): never => {
        throw thrown
      }
      expect(await errorOf(() => explainer.call({ onProgress }))).toBe(thrown)
      expect((await explainer.call()).toJSON()).toEqual(before.toJSON())
    })

    it('after dispose is refused, and dispose twice is fine', async () => {
      using explainer = await start(classifier())
      await explainer.call()
      explainer.dispose()
      explainer.dispose()
      await expectError(() => explainer.call(), 'DisposedError', 'disposed; create a new one')
      const reset = (): void => {
        explainer.resetPredictor(classifier())
      }
      await expectError(reset, 'DisposedError', 'disposed; create a new one')
    })

    it('rejects if the explainer is disposed while it runs, or immediately after its start', async () => {
      const first = await start(classifier())
      const onProgress = (): void => {
        first.dispose()
      }
      await expectError(() => first.call({ onProgress }), 'DisposedError', 'create a new one')
      const second = await start(classifier())
      const running = second.call()
      second.dispose()
      await expectError(() => running, 'DisposedError', 'create a new one')
    })

    it('ends with its using block', async () => {
      let kept: Started | undefined
      {
        using explainer = await start(classifier())
        kept = explainer
      }
      await expectError(() => kept.call(), 'DisposedError', 'disposed')
    })

    it.each(['in the moment of its start', 'while it runs'])(
      'rejects if the model is replaced %s, instead of mixing both models',
      async (when) => {
        using explainer = await start(classifier())
        await explainer.call()
        const replace = (): void => {
          explainer.resetPredictor(classifier(2))
        }
        const atStart = when.includes('start')
        const running = explainer.call(atStart ? {} : { onProgress: replace })
        if (atStart) replace()
        await expectError(() => running, 'DisposedError', 'resetPredictor replaced the model')
      },
    )

    it('several times at once returns each its own result', async () => {
      using explainer = await start(classifier())
      const before = await explainer.call()
      const controller = new AbortController()
      const aborted = explainer.call({ signal: controller.signal })
      const others = [explainer.call(), explainer.call()]
      controller.abort()
      await expect(aborted).rejects.toMatchObject({ name: 'AbortError' })
      for (const other of await Promise.all(others)) expect(other.toJSON()).toEqual(before.toJSON())
    })
  })

  describe('GradientSimilarity.fit', () => {
    const otherX = trainX.map((row) => row.map((value) => -value))

    it.each(['before', 'while it runs'])(
      'that is aborted %s rejects with the reason and keeps the earlier fit',
      async (when) => {
        using explainer = new GradientSimilarity(classifier(), loss, options)
        await explainer.fit(trainX, trainClasses)
        const before = await explainer.explain(testX)
        const bytes = explainer.gradientBytes
        const controller = new AbortController()
        const reason = new Error('stop')
        if (when === 'before') controller.abort(reason)
        const fit = (): unknown =>
          explainer.fit(otherX, trainClasses, {
            signal: controller.signal,
            onProgress: () => {
              controller.abort(reason)
            },
          })
        expect(await errorOf(fit)).toBe(reason)
        expect(explainer.gradientBytes).toBe(bytes)
        expect((await explainer.explain(testX)).toJSON()).toEqual(before.toJSON())
      },
    )

    it('that was aborted leaves a new explainer without a fit', async () => {
      using explainer = new GradientSimilarity(classifier(), loss, options)
      const signal = AbortSignal.abort()
      await errorOf(() => explainer.fit(trainX, trainClasses, { signal }))
      await expectError(() => explainer.explain(testX), 'NotFittedError', 'call fit')
      expect(explainer.gradientBytes).toBe(0)
    })

    it('that is refused keeps the earlier fit', async () => {
      using explainer = new GradientSimilarity(classifier(), loss, options)
      await explainer.fit(trainX, trainClasses)
      const before = await explainer.explain(testX)
      await expectError(
        () => explainer.fit(otherX, [0, 1]),
        'InvalidArgumentError',
        'one label per',
      )
      expect((await explainer.explain(testX)).toJSON()).toEqual(before.toJSON())
    })

    it('twice at once ends with one complete fit', async () => {
      using explainer = new GradientSimilarity(classifier(), loss, options)
      using alone = new GradientSimilarity(classifier(), loss, options)
      await Promise.all([
        explainer.fit(trainX, trainClasses),
        explainer.fit(otherX.slice(1), trainClasses.slice(1)),
      ])
      const { orderedIndices, mostSimilar } = await explainer.explain(testX, undefined, { topK: 1 })
      const isFirst = orderedIndices.shape[1] === 6
      await (isFirst
        ? alone.fit(trainX, trainClasses)
        : alone.fit(otherX.slice(1), trainClasses.slice(1)))
      const expected = await alone.explain(testX, undefined, { topK: 1 })
      expect({ orderedIndices, mostSimilar }).toEqual({
        orderedIndices: expected.orderedIndices,
        mostSimilar: expected.mostSimilar,
      })
    })

    it("doesn't change the result of a call that still reads the earlier gradients", async () => {
      using explainer = new GradientSimilarity(classifier(), loss, options)
      await explainer.fit(trainX, trainClasses)
      const before = await explainer.explain(testX)
      let refit: Promise<unknown> | undefined
      const during = await explainer.explain(testX, undefined, {
        onProgress: () => {
          refit ??= explainer.fit(otherX, trainClasses)
        },
      })
      await refit
      expect(during.toJSON()).toEqual(before.toJSON())
      expect((await explainer.explain(testX)).toJSON()).not.toEqual(before.toJSON())
    })

    it('is dropped with its model', async () => {
      using explainer = new GradientSimilarity(classifier(), loss, options)
      await explainer.fit(trainX, trainClasses)
      expect(explainer.gradientBytes).toBeGreaterThan(0)
      explainer.resetPredictor(classifier(2))
      expect(explainer.gradientBytes).toBe(0)
      await expectError(() => explainer.explain(testX), 'NotFittedError', 'call fit')
      await explainer.fit(trainX, trainClasses)
      using fresh = new GradientSimilarity(classifier(2), loss, options)
      await fresh.fit(trainX, trainClasses)
      const [again, expected] = [await explainer.explain(testX), await fresh.explain(testX)]
      expect(again.toJSON()).toEqual(expected.toJSON())
    })

    it.each(['in the moment of its start', 'while it runs'])(
      'rejects if the model is replaced %s',
      async (when) => {
        using explainer = new GradientSimilarity(classifier(), loss, options)
        const replace = (): void => {
          explainer.resetPredictor(classifier(2))
        }
        const atStart = when.includes('start')
        const running = explainer.fit(trainX, trainClasses, atStart ? {} : { onProgress: replace })
        if (atStart) replace()
        await expectError(() => running, 'DisposedError', 'resetPredictor replaced the model')
        await expectError(() => explainer.explain(testX), 'NotFittedError', 'call fit')
        await explainer.fit(trainX, trainClasses)
        expect((await explainer.explain(testX)).scores.shape).toEqual([2, 6])
      },
    )

    it('after dispose is refused', async () => {
      using explainer = new GradientSimilarity(classifier(), loss, options)
      explainer.dispose()
      await expectError(() => explainer.fit(trainX, trainClasses), 'DisposedError', 'disposed')
    })

    it('resolves to the explainer itself', async () => {
      using explainer = new GradientSimilarity(classifier(), loss, options)
      expect(await explainer.fit(trainX, trainClasses)).toBe(explainer)
    })
  })
}
