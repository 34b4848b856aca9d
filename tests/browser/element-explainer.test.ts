import * as tf from '@tensorflow/tfjs'
import 'gradlens/elements/define'
import axe from 'axe-core'
import { GradientSimilarity, IntegratedGradients, NotFittedError } from 'gradlens'
import type { ExplainEvents, GlExplainer, GlProbabilities } from 'gradlens/elements'
import { tfjsPredictor } from 'gradlens/tfjs'
import { expect, it, onTestFinished } from 'vitest'
import { fakeExplainers, map, otherRanking, ranking } from '../support/fake-explainers.js'
import { mounted, textsOf, within } from '../support/mounted.js'
import { exampleLabels } from '../support/ranking-fixtures.js'

const labels = ['zero', 'one', 'two']
const names = ['start', 'progress', 'done', 'cancel', 'error'] as const

/** What the element has told of, in order. */
function heard(element: GlExplainer): string[] {
  const events: string[] = []
  for (const name of names) {
    element.addEventListener(`gl-explain-${name}`, ({ detail }) => {
      const { part, ...rest } = detail as ExplainEvents['gl-explain-progress']
      events.push(
        name === 'progress'
          ? `${part} ${rest.phase} ${rest.done}/${rest.total}`
          : `${part} ${name}`,
      )
    })
  }
  return events
}

/** All promises that can go on have gone on, and the element is drawn. */
async function settled(element: GlExplainer): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve))
  await element.updateComplete
  for (const child of within(
    element,
    'gl-probabilities, gl-attribution-image, gl-similar-examples',
  )) {
    await (child as unknown as GlExplainer).updateComplete
  }
}

const child = <Tag extends 'gl-probabilities' | 'gl-attribution-image' | 'gl-similar-examples'>(
  element: Element,
  tag: Tag,
): HTMLElementTagNameMap[Tag] => within<HTMLElementTagNameMap[Tag]>(element, tag)[0]!

it('asks both explainers about x, and shows what each says as soon as it comes', async () => {
  const { similarity, attribution, rankings, attributions } = fakeExplainers()
  const element = await mounted('gl-explainer', { similarity, attribution, labels })
  const events = heard(element)
  expect(attributions).toEqual([])
  element.x = 'x'
  element.trainLabels = exampleLabels
  await settled(element)
  expect([attributions[0]?.x, rankings[0]?.x]).toEqual(['x', 'x'])
  expect(child(element, 'gl-attribution-image').state).toBe('loading')

  attributions[0]!.resolve(map)
  await settled(element)
  expect(child(element, 'gl-attribution-image').state).toBe('ready')
  expect(textsOf(child(element, 'gl-probabilities'), 'figcaption')).toEqual([
    'The model says two (60 %); next comes one (30 %).',
  ])
  expect(child(element, 'gl-similar-examples').state).toBe('loading')

  rankings[0]!.resolve(JSON.stringify(ranking))
  await settled(element)
  expect(textsOf(child(element, 'gl-similar-examples'), 'figcaption')[0]).toMatch(
    /^The model says two: the five most similar training examples are labelled one \(four\)/,
  )
  expect(events).toEqual([
    'attribution start',
    'similarity start',
    'attribution done',
    'similarity done',
  ])
})

it('asks the model first, and attributes the class that it says, or the one that is chosen', async () => {
  const { attribution, attributions } = fakeExplainers()
  let asked = 0
  const element = await mounted('gl-explainer', {
    attribution,
    labels,
    attributionOptions: { baselines: 0.5 },
    predict: () => {
      asked++
      return tf.tensor2d([[0.2, 0.7, 0.1]])
    },
    x: 'x',
  })
  await settled(element)
  expect(attributions[0]?.options).toMatchObject({ target: 1, baselines: 0.5 })
  const probabilities = child(element, 'gl-probabilities')
  expect(textsOf(probabilities, '.percent')).toEqual(['20.0 %', '70.0 %', '10.0 %'])
  attributions[0]!.resolve(map)
  await settled(element)

  within(probabilities, 'button.row')[2]!.click()
  await settled(element)
  expect(attributions[1]?.options).toMatchObject({ target: 2 })
  expect([asked, probabilities.selected]).toEqual([1, 2])
  expect(child(element, 'gl-attribution-image').state).toBe('loading')
  attributions[1]!.resolve(map)

  element.x = 'another'
  await settled(element)
  expect(attributions[2]?.options).toMatchObject({ target: 1 })
  expect(asked).toBe(2)
})

it('shows the last of several requests, and ends the ones before', async () => {
  const { similarity, rankings } = fakeExplainers()
  const element = await mounted('gl-explainer', { similarity, x: 1 })
  await settled(element)
  element.x = 2
  await settled(element)
  expect(rankings.map(({ options }) => options.signal.aborted)).toEqual([true, false])
  rankings[1]!.resolve(otherRanking)
  await settled(element)
  const shown = child(element, 'gl-similar-examples').toCSV()
  rankings[0]!.resolve(ranking)
  await settled(element)
  expect(child(element, 'gl-similar-examples').toCSV()).toBe(shown)
})

it('fits first, once, and goes on with it when another x comes', async () => {
  const { similarity, fits, rankings } = fakeExplainers()
  const yTrain = exampleLabels.map((label) => [0, 1, 2].map((k) => (k === label ? 1 : 0)))
  const element = await mounted('gl-explainer', { similarity, xTrain: 'train', yTrain, x: 1 })
  const events = heard(element)
  await settled(element)
  fits[0]!.options.onProgress({ phase: 'fit', done: 3, total: 12 })
  element.x = 2
  await settled(element)
  expect([fits.length, fits[0]?.options.signal.aborted]).toEqual([1, false])
  fits[0]!.options.onProgress({ phase: 'fit', done: 6, total: 12 })
  fits[0]!.resolve(similarity)
  await settled(element)
  expect(rankings.map(({ x }) => x)).toEqual([2])
  rankings[0]!.resolve(ranking)
  await settled(element)
  // The labels are yTrain's.
  expect(textsOf(child(element, 'gl-similar-examples'), '.card .label')[0]).toBe('labelled 1')
  expect(events).toEqual([
    'similarity fit 3/12',
    'similarity start',
    'similarity fit 6/12',
    'similarity done',
  ])
  element.x = 3
  await settled(element)
  expect([fits.length, rankings.length]).toEqual([1, 2])
})

it('shows progress in rows with the time that is left, and a button that cancels', async () => {
  const { similarity, fits, rankings } = fakeExplainers()
  const element = await mounted('gl-explainer', { similarity, xTrain: 1, yTrain: [0], x: 1 })
  const events = heard(element)
  await settled(element)
  fits[0]!.options.onProgress({ phase: 'fit', done: 500, total: 2000 })
  await element.updateComplete
  expect(within(element, 'progress')).toEqual([])
  await expect.poll(() => textsOf(element, '.running .job-text')).toHaveLength(1)
  expect(textsOf(element, '.running .job-text')[0]).toMatch(
    /^Going through the training examples: 500 of 2,000 training examples, about \d+ s left$/,
  )
  const [bar] = within<HTMLProgressElement>(element, 'progress')
  expect([bar?.value, bar?.max]).toEqual([500, 2000])

  within(element, '.running button')[0]!.click()
  await settled(element)
  expect(fits[0]?.options.signal.aborted).toBe(true)
  fits[0]!.options.onProgress({ phase: 'fit', done: 900, total: 2000 })
  await settled(element)
  expect(textsOf(element, '.job-text')).toEqual(['Cancelled.'])
  fits[0]!.reject(fits[0]!.options.signal.reason)
  await settled(element)

  within(element, '.job button')[0]!.click()
  await settled(element)
  expect(fits).toHaveLength(2)
  fits[1]!.resolve(similarity)
  await settled(element)
  rankings[0]!.resolve(ranking)
  await settled(element)
  expect(textsOf(element, '.job-text')).toEqual([''])
  expect(events.at(-1)).toBe('similarity done')
  expect(events).toContain('similarity cancel')
})

it('keeps the old result, dimmed, while the next is made, and says that it is older where it was cancelled', async () => {
  const { similarity, rankings } = fakeExplainers()
  const element = await mounted('gl-explainer', { similarity, x: 1 })
  await settled(element)
  rankings[0]!.resolve(ranking)
  await settled(element)
  const examples = child(element, 'gl-similar-examples')
  const before = examples.toCSV()
  element.x = 2
  await settled(element)
  expect([examples.state, examples.toCSV()]).toEqual(['loading', before])
  element.cancel()
  await settled(element)
  expect(textsOf(element, '.job-text')).toEqual(['Cancelled. What is shown is older.'])
  expect(examples.state).toBe('loading')
  element.x = null
  await settled(element)
  expect(examples.state).toBe('empty')
})

it('says what went wrong, what to do, and tries again', async () => {
  const { similarity, attribution, rankings, attributions } = fakeExplainers()
  const element = await mounted('gl-explainer', { similarity, attribution, x: 1 })
  const events = heard(element)
  await settled(element)
  rankings[0]!.reject(new NotFittedError('explain was called before fit.'))
  attributions[0]!.reject(new Error('<img src=x onerror="window.wasParsed = true">'))
  await settled(element)
  expect(textsOf(element, '.failure')).toEqual([
    '<img src=x onerror="window.wasParsed = true">',
    'explain was called before fit. Here: set xTrain and yTrain, or fit the explainer before.',
  ])
  expect('wasParsed' in window).toBe(false)
  expect(events).toEqual(['similarity error', 'attribution error'])

  const retry = within(element, '.job button')
  expect(retry.map(({ textContent }) => textContent.trim())).toEqual(['Try again', 'Try again'])
  retry[1]!.click()
  await settled(element)
  rankings[1]!.resolve({ meta: {} })
  await settled(element)
  expect(textsOf(element, '.failure')[1]).toContain('expected an Explanation')
})

it('stops when it leaves the page, begins again when it comes back, and is not disturbed by a move', async () => {
  const { similarity, fits, rankings } = fakeExplainers()
  const element = await mounted('gl-explainer', { similarity, xTrain: 1, yTrain: [0], x: 1 })
  await settled(element)
  const place = document.createElement('div')
  document.body.append(place)
  onTestFinished(() => {
    place.remove()
  })
  place.append(element)
  await settled(element)
  expect(fits.map(({ options }) => options.signal.aborted)).toEqual([false])

  element.remove()
  await settled(element)
  expect(fits[0]?.options.signal.aborted).toBe(true)
  element.x = 2
  await settled(element)
  expect(fits).toHaveLength(1)
  place.append(element)
  await settled(element)
  expect(fits).toHaveLength(2)
  fits[1]!.resolve(similarity)
  await settled(element)
  expect(rankings.map(({ x }) => x)).toEqual([2])
})

it('tells in one line what ran, where, and what it took', async () => {
  const { similarity, attribution, fits, rankings, attributions } = fakeExplainers()
  const element = await mounted('gl-explainer', {
    similarity,
    attribution,
    xTrain: 1,
    yTrain: exampleLabels,
    x: 1,
  })
  await settled(element)
  expect(textsOf(element, '.machine')).toEqual([''])
  attributions[0]!.resolve(map)
  fits[0]!.resolve(similarity)
  await settled(element)
  rankings[0]!.resolve(ranking)
  await settled(element)
  const time = '(< 1|\\d+) ms'
  expect(textsOf(element, '.machine')[0]!.replace(/\s+/g, ' ')).toMatch(
    new RegExp(
      `^Runs on WASM\\. No WebGPU: no adapter\\. The gradients of 12 training examples took ${time} and 12 kB\\. ` +
        `Comparing with them took ${time}\\. The attribution of 50 steps took ${time}\\.$`,
    ),
  )
})

it('says the value that a regression answers, with its unit', async () => {
  const element = await mounted('gl-explainer', {
    kind: 'tabular',
    predict: () => [[18.25]],
    unit: 'mpg',
    truth: 17,
    x: [[1]],
  })
  await settled(element)
  expect(textsOf(element, '.value')).toEqual([
    'The model says 18.25 mpg; the true value is 17 mpg.',
  ])
})

it.each(['light', 'dark'] as const)(
  'leaves axe nothing to find while it works, after it failed, and with results, in %s',
  async (theme) => {
    document.documentElement.style.colorScheme = theme
    onTestFinished(() => {
      document.documentElement.style.removeProperty('color-scheme')
    })
    const { similarity, attribution, fits, rankings, attributions } = fakeExplainers()
    const given = { similarity, attribution, xTrain: 1, yTrain: exampleLabels, labels, x: 1 }
    const element = await mounted('gl-explainer', given)
    const options = { rules: { 'color-contrast-enhanced': { enabled: true } } }
    const faults = async (): Promise<string[]> => {
      const { violations } = await axe.run(element, options)
      return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`))
    }
    await settled(element)
    fits[0]!.options.onProgress({ phase: 'fit', done: 5, total: 12 })
    attributions[0]!.reject(new Error('The GPU was lost.'))
    await expect.poll(() => within(element, 'progress')).toHaveLength(1)
    expect(await faults()).toEqual([])
    fits[0]!.resolve(similarity)
    await settled(element)
    rankings[0]!.resolve(ranking)
    within(element, '.job button')[0]!.click()
    await settled(element)
    attributions[1]!.resolve(map)
    await settled(element)
    expect(child(element, 'gl-attribution-image').state).toBe('ready')
    expect(await faults()).toEqual([])
  },
)

it('explains a real model: cancelled in mid-fit, fitted after all, and right', async () => {
  await tf.setBackend('cpu')
  // Class k where the k-th number stands out.
  const weights = tf.tidy(() => [tf.mul(tf.eye(4), 3), tf.zeros([4])])
  const model = tf.sequential({
    layers: [tf.layers.dense({ units: 4, inputShape: [4], activation: 'softmax', weights })],
  })
  const xTrain = tf.tidy(() => tf.tile(tf.eye(4), [16, 1]))
  const x = tf.tensor2d([[0, 0, 1, 0]])
  const predictor = tfjsPredictor(model)
  const options = { device: 'cpu' } as const
  const similarity = new GradientSimilarity(predictor, 'categoricalCrossentropy', {
    ...options,
    precomputeGrads: true,
    batchSize: 4,
  })
  const attribution = new IntegratedGradients(predictor, { ...options, nSteps: 10 })
  const element = await mounted('gl-explainer', {
    similarity,
    attribution,
    kind: 'tabular',
    predict: () => model.predict(x) as tf.Tensor,
  })
  onTestFinished(() => {
    element.remove()
    similarity.dispose()
    attribution.dispose()
    tf.dispose([...weights, xTrain, x])
    model.dispose()
  })
  const events = heard(element)
  const cancel = ({ detail }: CustomEvent<ExplainEvents['gl-explain-progress']>): void => {
    if (detail.part === 'similarity' && detail.done >= 12) element.cancel()
  }
  element.addEventListener('gl-explain-progress', cancel)
  Object.assign(element, { xTrain, yTrain: xTrain, x })
  await element.updateComplete
  await element.explain()
  expect(events.filter((event) => event.startsWith('similarity fit')).at(-1)).toBe(
    'similarity fit 12/64',
  )
  expect(events).toContain('similarity cancel')
  expect(events).not.toContain('similarity done')

  element.removeEventListener('gl-explain-progress', cancel)
  await element.explain()
  await settled(element)
  expect(events).toContain('similarity fit 64/64')
  expect(events.at(-1)).toBe('similarity done')
  const rows = child(element, 'gl-similar-examples').toCSV().split('\r\n')
  // All sixteen copies of x are equally like it; the lower number comes first.
  expect(rows.slice(1, 4).map((row) => row.split(',')[2])).toEqual(['2', '6', '10'])
  const [bars] = within<GlProbabilities>(element, 'gl-attribution-bars')
  expect(bars!.toCSV()).toMatch(/^feature,value,attribution\r\n[^,]*,1,0\.6/)
})
