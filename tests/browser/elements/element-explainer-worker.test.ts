import 'gradlens/elements/define'
import type { ExplainEvents, GlExplainer } from 'gradlens/elements'
import { expect, it, onTestFinished } from 'vitest'
import {
  findButtons,
  findChild,
  readMessages,
  recordEvents,
  settle,
} from '../../support/elements/explainer-element.js'
import { mounted, textsOf } from '../../support/elements/mounted.js'
import { pictureClasses, pictures } from '../../support/workers/nets.js'
import { connectWorker } from '../../support/workers/start-workers.js'

const loss = 'sparseCategoricalCrossentropy'

/** An element with the proxies of a worker's explainers, as they are. */
async function explainedByWorker(
  properties: Partial<GlExplainer>,
): Promise<{ element: GlExplainer; events: string[] }> {
  const explainers = connectWorker()
  const similarity = explainers.gradientSimilarity(loss, {
    ...{ device: 'wasm', precomputeGrads: true, batchSize: 8 },
  })
  const attribution = explainers.integratedGradients({ device: 'wasm', nSteps: 10 })
  const element = await mounted('gl-explainer', {
    ...{ similarity, attribution, predict: explainers.predict },
    ...properties,
  })
  onTestFinished(() => {
    element.remove()
  })
  return { element, events: recordEvents(element) }
}

it('explains with the proxies of a worker, and shows its progress', async () => {
  const [xTrain, yTrain] = [pictures(40, 1), pictureClasses(40)]
  const { element, events } = await explainedByWorker({ xTrain, yTrain, x: pictures(1, 2) })
  await element.explain()
  await settle(element)
  const similarityEvents = events.filter((event) => event.startsWith('similarity'))
  expect(similarityEvents.filter((event) => event.includes(' fit '))).toEqual(
    [8, 16, 24, 32, 40].map((done) => `similarity fit ${done}/40`),
  )
  expect(similarityEvents.at(-1)).toBe('similarity done')
  expect(readMessages(element)).toEqual(['', ''])
  expect(events).toContain('attribution done')
  expect(events.filter((event) => event.startsWith('attribution explain'))).not.toEqual([])
  expect(findChild(element, 'gl-similar-examples').state).toBe('ready')
  expect(findChild(element, 'gl-attribution-image').state).toBe('ready')
  expect(textsOf(findChild(element, 'gl-probabilities'), '.percent')).toHaveLength(4)
  expect(textsOf(element, '.run-report')[0]).toMatch(/^Runs on WASM\..* 40 training examples took/)
})

it('cancels a fit in the worker at once, and fits at the next request', async () => {
  const [xTrain, yTrain] = [pictures(2000, 1), pictureClasses(2000)]
  const { element, events } = await explainedByWorker({ xTrain, yTrain })
  const begun = new Promise<void>((resolve) => {
    element.addEventListener('gl-explain-progress', ({ detail }) => {
      if (detail.part === 'similarity' && detail.done >= 80) resolve()
    })
  })
  element.x = pictures(1, 2)
  await begun
  element.cancel()
  // Within one task, so the worker may still compute.
  await settle(element)
  expect(events).toContain('similarity cancel')
  expect(readMessages(element)).toContain('Cancelled.')
  const eventCount = events.length
  await new Promise((resolve) => setTimeout(resolve, 300))
  expect(events.slice(eventCount).filter((event) => event.startsWith('similarity'))).toEqual([])

  Object.assign(element, { xTrain: pictures(16, 1), yTrain: pictureClasses(16) })
  await element.updateComplete
  await element.explain()
  expect(events.at(-1)).toMatch(/done$/)
  expect(events).toContain('similarity fit 16/16')
})

it('shows an error of the worker in the part that failed, with what to do, and tries again', async () => {
  const { element } = await explainedByWorker({ x: pictures(1, 2) })
  const failures: unknown[] = []
  const failed = new Promise<void>((resolve) => {
    const note = ({ detail }: CustomEvent<ExplainEvents['gl-explain-error']>): void => {
      failures.push(detail.error)
      resolve()
    }
    element.addEventListener('gl-explain-error', note)
  })
  await failed
  await element.explain()
  await settle(element)
  expect(failures[0]).toMatchObject({ name: 'NotFittedError' })
  expect(readMessages(element).at(-1)).toMatch(/In <gl-explainer>: set xTrain and yTrain/)
  expect(findChild(element, 'gl-attribution-image').state).toBe('ready')
  expect(findButtons(element).map(({ textContent }) => textContent.trim())).toEqual(['Try again'])
})

it('shows why the worker did not start, in each part', async () => {
  const explainers = connectWorker('missing')
  const element = await mounted('gl-explainer', {
    similarity: explainers.gradientSimilarity(loss),
    attribution: explainers.gradient(),
    x: pictures(1, 2),
  })
  await element.explain()
  await settle(element)
  const stopped = expect.stringMatching(/its script could not be loaded/) as string
  expect(readMessages(element)).toEqual([stopped, stopped])
})
