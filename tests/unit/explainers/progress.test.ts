import { GradientSimilarity, IntegratedGradients, type Progress } from 'gradlens'
import { describe, expect, it, vi } from 'vitest'
import { classifier, testX, trainClasses, trainX } from '../../support/models/small-nets.js'

const loss = 'sparseCategoricalCrossentropy'

/** Everything that was written to the terminal while it ran. */
async function writtenBy(work: () => Promise<unknown>): Promise<string[]> {
  const written: string[] = []
  const write = vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    written.push(String(text))
    return true
  })
  try {
    await work()
  } finally {
    write.mockRestore()
  }
  return written
}

function expectSteps(events: readonly Progress[], phase: Progress['phase'], total: number): void {
  expect(events.length).toBeGreaterThan(1)
  expect(new Set(events.map((event) => event.phase))).toEqual(new Set([phase]))
  expect(new Set(events.map((event) => event.total))).toEqual(new Set([total]))
  const done = events.map((event) => event.done)
  expect(done).toEqual(done.toSorted((a, b) => a - b))
  expect(new Set(done).size).toBe(done.length)
  expect(done[0]).toBeGreaterThan(0)
  expect(done.at(-1)).toBe(total)
}

describe('progress', () => {
  it.each([true, false])(
    'of gradient similarity counts training rows up to all (stored: %s)',
    async (precomputeGrads) => {
      using explainer = new GradientSimilarity(classifier(), loss, {
        device: 'cpu',
        batchSize: 4,
        precomputeGrads,
      })
      const [fit, explain]: Progress[][] = [[], []]
      await explainer.fit(trainX, trainClasses, { onProgress: (event) => fit!.push(event) })
      await explainer.explain(testX, undefined, { onProgress: (event) => explain!.push(event) })
      if (precomputeGrads) expectSteps(fit!, 'fit', 6)
      else expect(fit).toEqual([{ phase: 'fit', done: 6, total: 6 }])
      expectSteps(explain!, 'explain', 6)
    },
  )

  it('of integrated gradients counts path points up to all', async () => {
    using explainer = new IntegratedGradients(classifier(), {
      device: 'cpu',
      nSteps: 10,
      internalBatchSize: 7,
    })
    const events: Progress[] = []
    await explainer.explain(testX, { target: 0, onProgress: (event) => events.push(event) })
    expectSteps(events, 'explain', 20)
    expect(events.map(({ done }) => done)).toEqual([7, 14, 20])
  })
})

describe('in a terminal', () => {
  it('verbose draws one line repeatedly, and ends it', async () => {
    using explainer = new GradientSimilarity(classifier(), loss, {
      device: 'cpu',
      batchSize: 3,
      precomputeGrads: true,
      verbose: true,
    })
    const fit = await writtenBy(() => explainer.fit(trainX, trainClasses))
    expect(fit).toEqual([
      '\rGradientSimilarity.fit ██████████░░░░░░░░░░ 3/6 rows',
      '\rGradientSimilarity.fit ████████████████████ 6/6 rows\n',
    ])
    const explain = await writtenBy(() => explainer.explain(testX))
    expect(explain.at(-1)).toBe('\rGradientSimilarity.explain ████████████████████ 6/6 rows\n')
  })

  it('verbose integrated gradients draw the same line', async () => {
    using explainer = new IntegratedGradients(classifier(), {
      device: 'cpu',
      nSteps: 10,
      internalBatchSize: 5,
      verbose: true,
    })
    const lines = await writtenBy(() => explainer.explain(testX, { target: 0 }))
    expect(lines).toEqual([
      '\rIntegratedGradients.explain █████░░░░░░░░░░░░░░░ 5/20 rows',
      '\rIntegratedGradients.explain ██████████░░░░░░░░░░ 10/20 rows',
      '\rIntegratedGradients.explain ███████████████░░░░░ 15/20 rows',
      '\rIntegratedGradients.explain ████████████████████ 20/20 rows\n',
    ])
  })

  it('nothing is written by default', async () => {
    using explainer = new IntegratedGradients(classifier(), { device: 'cpu' })
    expect(await writtenBy(() => explainer.explain(testX, { target: 0 }))).toEqual([])
  })
})
