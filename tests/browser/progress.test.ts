import { GradientSimilarity } from 'gradlens'
import { expect, it, vi } from 'vitest'
import { classifier, trainClasses, trainX } from '../support/models/small-nets.js'

/** Thirty training rows, row by row. */
const x = [0, 1, 2, 3, 4].flatMap(() => trainX)
const y = [0, 1, 2, 3, 4].flatMap(() => trainClasses)

async function loggedBy(verbose: boolean): Promise<unknown[]> {
  const info = vi.spyOn(console, 'info').mockImplementation(() => undefined)
  using explainer = new GradientSimilarity(classifier(), 'sparseCategoricalCrossentropy', {
    device: 'cpu',
    batchSize: 1,
    precomputeGrads: true,
    verbose,
  })
  await explainer.fit(x, y)
  const logged: unknown[] = info.mock.calls.flat()
  info.mockRestore()
  return logged
}

it('verbose logs an entry for each tenth of the work in a browser', async () => {
  const logged = await loggedBy(true)
  expect(logged).toEqual(
    [1, 3, 6, 9, 12, 15, 18, 21, 24, 27, 30].map(
      (done) => `GradientSimilarity.fit: ${done} of 30 rows`,
    ),
  )
})

it('nothing is logged in a browser by default', async () => {
  expect(await loggedBy(false)).toEqual([])
})
