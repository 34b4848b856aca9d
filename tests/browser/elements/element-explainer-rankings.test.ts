import 'gradlens/elements/define'
import axe from 'axe-core'
import type { GlExplainer, GlSimilarExamples, Ranking } from 'gradlens/elements'
import { expect, it, onTestFinished } from 'vitest'
import { findButtons, readMessages, settle } from '../../support/elements/explainer-element.js'
import {
  fakeExplainers,
  otherRanking,
  ranking,
  type PendingCall,
} from '../../support/elements/fake-explainers.js'
import { mounted, textsOf, within } from '../../support/elements/mounted.js'
import { exampleLabels, exampleScores } from '../../support/gradients/ranking-fixtures.js'
import { pictureClasses, pictures } from '../../support/workers/nets.js'
import { connectWorker } from '../../support/workers/start-workers.js'

const influenceJson = {
  ...otherRanking,
  meta: { ...otherRanking.meta, name: 'InfluenceFunctions' },
}
const [order] = ranking.data['ordered_indices'] as readonly (readonly number[])[]
const selfInfluenceJson = {
  meta: { ...ranking.meta, name: 'InfluenceFunctions.selfInfluence' },
  data: { scores: exampleScores, ordered_indices: order },
}

/** Three rankings, whose calls wait for the test. */
function fakeRankings(): {
  readonly similar: ReturnType<typeof fakeExplainers>
  readonly influence: ReturnType<typeof fakeExplainers>
  readonly selfCalls: PendingCall[]
  readonly rankings: readonly Ranking[]
} {
  const [similar, influence] = [fakeExplainers(), fakeExplainers()]
  const selfCalls: PendingCall[] = []
  const explainer = {
    ...influence.similarity,
    selfInfluence: (call: PendingCall['options']): Promise<unknown> =>
      new Promise((resolve, reject) => {
        selfCalls.push({ x: null, options: { ...call }, resolve, reject })
      }),
  }
  const rankings: readonly Ranking[] = [
    { title: 'Similar', explainer: similar.similarity, options: { simFn: 'grad_cos' } },
    { title: 'Influence', explainer },
    {
      title: 'Self-influence',
      explainer,
      method: 'selfInfluence',
      description: 'Learnt by heart.',
    },
  ]
  return { similar, influence, selfCalls, rankings }
}

const open = async (element: GlExplainer): Promise<void> => {
  const [fold] = within<HTMLDetailsElement>(element, '.rankings details')
  fold!.open = true
  // The event of a fold comes in a task of its own.
  await expect.poll(() => within(element, '.ranking').length).toBeGreaterThan(0)
  await settle(element)
}

const columnsOf = (element: Element): GlSimilarExamples[] =>
  within<GlSimilarExamples>(element, '.ranking gl-similar-examples')

it('computes the rankings to compare when they are opened, and fits each explainer once', async () => {
  const { similar, influence, selfCalls, rankings } = fakeRankings()
  const element = await mounted('gl-explainer', {
    similarity: similar.similarity,
    rankings,
    xTrain: 1,
    yTrain: exampleLabels,
    x: 'x',
  })
  await settle(element)
  similar.fits[0]!.resolve(undefined)
  await settle(element)
  expect(textsOf(element, '.rankings summary')).toEqual([
    'Similar, influence and self-influence side by side',
  ])
  expect([similar.rankings.length, influence.fits.length, selfCalls.length]).toEqual([1, 0, 0])

  await open(element)
  // The explainer of the main ranking is fitted already; the other one has two rankings.
  expect([similar.fits.length, influence.fits.length]).toEqual([1, 1])
  influence.fits[0]!.resolve(undefined)
  await settle(element)
  expect(similar.rankings.map(({ options }) => options['simFn'])).toEqual([undefined, 'grad_cos'])
  similar.rankings[1]!.resolve(ranking)
  influence.rankings[0]!.resolve(influenceJson)
  selfCalls[0]!.resolve(selfInfluenceJson)
  await settle(element)
  expect(columnsOf(element).map(({ state }) => state)).toEqual(['ready', 'ready', 'ready'])
  expect(columnsOf(element).flatMap((each) => textsOf(each, '.end-title').slice(0, 1))).toEqual([
    'Most similar',
    'Highest influence',
    'Highest self-influence',
  ])
  // The labels are those in yTrain.
  const label = (index: number): string => `labelled ${exampleLabels[index]}`
  expect(
    columnsOf(element).map((each) => textsOf(each, '.end:first-of-type .label').slice(0, 2)),
  ).toEqual([
    [label(6), label(4)],
    [label(5), label(7)],
    [label(6), label(4)],
  ])
  expect(textsOf(element, '.meaning')).toEqual([
    'Learning them pushes the model in the same direction as learning this example with this answer.',
    'Without them, the model would be less sure of this answer, by estimate. What many training examples teach counts less.',
    'Learnt by heart.',
  ])

  element.x = 'another'
  await settle(element)
  expect([similar.rankings.at(-1)?.x, influence.rankings.at(-1)?.x]).toEqual(['another', 'another'])
  // Self-influence is the same for every example that is explained.
  expect([influence.rankings.length, selfCalls.length]).toEqual([2, 1])
  expect(columnsOf(element).map(({ state }) => state)).toEqual(['loading', 'loading', 'ready'])

  element.rankings = rankings.slice(2)
  await settle(element)
  expect(influence.rankings[1]!.options.signal.aborted).toBe(true)
  expect(columnsOf(element).map(({ state }) => state)).toEqual(['ready'])
})

it('cancels one ranking, shows what went wrong in another, and tries again', async () => {
  const { similar, influence, rankings } = fakeRankings()
  const element = await mounted('gl-explainer', { rankings: rankings.slice(0, 2), x: 1 })
  await open(element)
  similar.rankings[0]!.resolve(ranking)
  influence.rankings[0]!.reject(new Error('The store has no curvature.'))
  await settle(element)
  expect(readMessages(element)).toEqual(['', 'The store has no curvature.'])
  findButtons(element)[0]!.click()
  await settle(element)
  expect(influence.rankings).toHaveLength(2)
  element.cancel()
  await settle(element)
  expect(influence.rankings[1]!.options.signal.aborted).toBe(true)
  expect(readMessages(element)).toEqual(['', 'Cancelled.'])

  element.rankings = [{ title: 'Self', explainer: similar.similarity, method: 'selfInfluence' }]
  await settle(element)
  expect(readMessages(element)[0]).toContain(
    "rankings, 'Self': got an explainer without selfInfluence; expected an explainer with the method selfInfluence",
  )
})

it('accepts the proxies of a worker, and shows the order of their results', async () => {
  const explainers = connectWorker()
  const options = { device: 'wasm', precomputeGrads: true, batchSize: 8 } as const
  const influence = explainers.influenceFunctions('sparseCategoricalCrossentropy', options)
  const [xTrain, yTrain, x] = [pictures(24, 1), pictureClasses(24), pictures(1, 2)]
  const element = await mounted('gl-explainer', {
    ...{ similarity: influence, predict: explainers.predict, xTrain, yTrain, x },
    rankings: [{ title: 'Self-influence', explainer: influence, method: 'selfInfluence' }],
  })
  onTestFinished(() => {
    element.remove()
  })
  await open(element)
  await element.explain()
  await settle(element)
  expect(columnsOf(element)[0]?.state).toBe('ready')
  const numbers = (each: GlSimilarExamples): number[] =>
    textsOf(each, '.end:first-of-type .number').map((text) => Number(/\d+/.exec(text)))
  const self = await influence.selfInfluence()
  expect(numbers(columnsOf(element)[0]!).slice(0, 5)).toEqual([
    ...self.orderedIndices.data.subarray(0, 5),
  ])
  const [main] = within<GlSimilarExamples>(element, '.similarity gl-similar-examples')
  expect(main?.state).toBe('ready')
  const explained = await influence.explain(x)
  expect(numbers(main!).slice(0, 5)).toEqual([...explained.orderedIndices.data.subarray(0, 5)])
  expect(textsOf(main!, '.end-title')[0]).toBe('Highest influence')
})

it.each(['light', 'dark'] as const)('passes axe in %s', async (theme) => {
  document.documentElement.style.colorScheme = theme
  onTestFinished(() => {
    document.documentElement.style.removeProperty('color-scheme')
  })
  const { similar, influence, rankings } = fakeRankings()
  const element = await mounted('gl-explainer', {
    rankings,
    trainLabels: exampleLabels,
    trainSuspects: [6],
    x: 1,
  })
  await open(element)
  similar.rankings[0]!.resolve(ranking)
  influence.rankings[0]!.reject(new Error('The store has no curvature.'))
  await settle(element)
  const rules = { 'color-contrast-enhanced': { enabled: true } }
  const { violations } = await axe.run(element, { rules })
  expect(violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`))).toEqual(
    [],
  )
})
