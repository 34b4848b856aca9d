import * as tf from '@tensorflow/tfjs'
import 'gradlens/elements/define'
import axe from 'axe-core'
import { NotFittedError } from 'gradlens'
import { expect, it, onTestFinished } from 'vitest'
import {
  findButtons,
  findChild,
  findProgress,
  readMessages,
  recordEvents,
  settle,
} from '../../support/elements/explainer-element.js'
import {
  fakeExplainers,
  map,
  otherRanking,
  ranking,
} from '../../support/elements/fake-explainers.js'
import { weatherExplanation, weatherFeatures } from '../../support/elements/element-fixtures.js'
import { mounted, textsOf, within } from '../../support/elements/mounted.js'
import {
  exampleLabels,
  exampleScores,
  rankingJson,
} from '../../support/gradients/ranking-fixtures.js'

const labels = ['zero', 'one', 'two']

it('asks both explainers about x, and shows each result as soon as it arrives', async () => {
  const { similarity, attribution, rankings, attributions } = fakeExplainers()
  const element = await mounted('gl-explainer', { similarity, attribution, labels })
  const events = recordEvents(element)
  expect(attributions).toEqual([])
  element.x = 'x'
  element.trainLabels = exampleLabels
  await settle(element)
  expect([attributions[0]?.x, rankings[0]?.x]).toEqual(['x', 'x'])
  expect(findChild(element, 'gl-attribution-image').state).toBe('loading')

  attributions[0]!.resolve(map)
  await settle(element)
  expect(findChild(element, 'gl-attribution-image').state).toBe('ready')
  expect(textsOf(findChild(element, 'gl-probabilities'), 'figcaption')).toEqual([
    'The model says two (60 %), then one (30 %).',
  ])
  expect(findChild(element, 'gl-similar-examples').state).toBe('loading')

  rankings[0]!.resolve(JSON.stringify(ranking))
  await settle(element)
  expect(textsOf(findChild(element, 'gl-similar-examples'), 'figcaption')[0]).toMatch(
    /^The model says two: the five most similar training examples are labelled one \(four\)/,
  )
  expect(events).toEqual([
    'attribution start',
    'similarity start',
    'attribution done',
    'similarity done',
  ])
})

it('asks the model first, and attributes the predicted or the chosen class', async () => {
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
  await settle(element)
  expect(attributions[0]?.options).toMatchObject({ target: 1, baselines: 0.5 })
  const probabilities = findChild(element, 'gl-probabilities')
  expect(textsOf(probabilities, '.percent')).toEqual(['20.0 %', '70.0 %', '10.0 %'])
  attributions[0]!.resolve(map)
  await settle(element)

  within(probabilities, 'button.row')[2]!.click()
  await settle(element)
  expect(attributions[1]?.options).toMatchObject({ target: 2 })
  expect([asked, probabilities.selected]).toEqual([1, 2])
  expect(findChild(element, 'gl-attribution-image').state).toBe('loading')
  attributions[1]!.resolve(map)

  element.x = 'another'
  await settle(element)
  expect(attributions[2]?.options).toMatchObject({ target: 1 })
  expect(asked).toBe(2)
})

it('shows the last of several requests, and aborts the earlier ones', async () => {
  const { similarity, rankings } = fakeExplainers()
  const element = await mounted('gl-explainer', { similarity, x: 1 })
  await settle(element)
  element.x = 2
  await settle(element)
  expect(rankings.map(({ options }) => options.signal.aborted)).toEqual([true, false])
  rankings[1]!.resolve(otherRanking)
  await settle(element)
  const shown = findChild(element, 'gl-similar-examples').toCSV()
  rankings[0]!.resolve(ranking)
  await settle(element)
  expect(findChild(element, 'gl-similar-examples').toCSV()).toBe(shown)
})

it('fits once, before the first x, and continues the fit when x changes', async () => {
  const { similarity, fits, rankings } = fakeExplainers()
  const yTrain = exampleLabels.map((label) => [0, 1, 2].map((k) => (k === label ? 1 : 0)))
  const element = await mounted('gl-explainer', { similarity, xTrain: 'train', yTrain, x: 1 })
  const events = recordEvents(element)
  await settle(element)
  fits[0]!.options.onProgress({ phase: 'fit', done: 3, total: 12 })
  element.x = 2
  await settle(element)
  expect([fits.length, fits[0]?.options.signal.aborted]).toEqual([1, false])
  fits[0]!.options.onProgress({ phase: 'fit', done: 6, total: 12 })
  fits[0]!.resolve(similarity)
  await settle(element)
  expect(rankings.map(({ x }) => x)).toEqual([2])
  rankings[0]!.resolve(ranking)
  await settle(element)
  // The labels are yTrain's.
  expect(textsOf(findChild(element, 'gl-similar-examples'), '.card .label')[0]).toBe('labelled 1')
  expect(events).toEqual([
    'similarity fit 3/12',
    'similarity start',
    'similarity fit 6/12',
    'similarity done',
  ])
  element.x = 3
  await settle(element)
  expect([fits.length, rankings.length]).toEqual([1, 2])
})

it('shows progress in rows with the time left, and a Cancel button', async () => {
  const { similarity, fits, rankings } = fakeExplainers()
  const element = await mounted('gl-explainer', { similarity, xTrain: 1, yTrain: [0], x: 1 })
  const events = recordEvents(element)
  await settle(element)
  fits[0]!.options.onProgress({ phase: 'fit', done: 500, total: 2000 })
  await settle(element)
  const [progress] = findProgress(element)
  await expect.poll(() => textsOf(progress!, '.running .message')).toHaveLength(1)
  expect(textsOf(progress!, '.running .message')[0]).toMatch(
    /^Computing the gradients of the training examples: 500 of 2,000 training examples, about \d+ s left$/,
  )
  const [bar] = within<HTMLProgressElement>(progress!, 'progress')
  expect([bar?.value, bar?.max]).toEqual([500, 2000])

  const [button] = findButtons(element)
  button!.focus()
  button!.click()
  await settle(element)
  expect(fits[0]?.options.signal.aborted).toBe(true)
  fits[0]!.options.onProgress({ phase: 'fit', done: 900, total: 2000 })
  await settle(element)
  expect(readMessages(element)).toEqual(['Cancelled.'])
  // The button that cancels becomes the one that starts again, and keeps the focus.
  expect(progress!.shadowRoot?.activeElement).toBe(button)
  expect(button!.textContent.trim()).toBe('Compute anyway')
  fits[0]!.reject(fits[0]!.options.signal.reason)
  await settle(element)

  button!.click()
  await settle(element)
  expect(fits).toHaveLength(2)
  fits[1]!.resolve(similarity)
  await settle(element)
  rankings[0]!.resolve(ranking)
  await settle(element)
  expect(readMessages(element)).toEqual([''])
  expect(events.at(-1)).toBe('similarity done')
  expect(events).toContain('similarity cancel')
})

it('keeps the old result, dimmed, while the next is computed, and marks it as older after a cancellation', async () => {
  const { similarity, rankings } = fakeExplainers()
  const element = await mounted('gl-explainer', { similarity, x: 1 })
  await settle(element)
  rankings[0]!.resolve(ranking)
  await settle(element)
  const examples = findChild(element, 'gl-similar-examples')
  const before = examples.toCSV()
  element.x = 2
  await settle(element)
  expect([examples.state, examples.toCSV()]).toEqual(['loading', before])
  element.cancel()
  await settle(element)
  expect(readMessages(element)).toEqual(['Cancelled. The results shown are older.'])
  expect(examples.state).toBe('loading')
  element.x = null
  await settle(element)
  expect(examples.state).toBe('empty')
})

it('shows what went wrong and what to do, and tries again', async () => {
  const { similarity, attribution, rankings, attributions } = fakeExplainers()
  const element = await mounted('gl-explainer', { similarity, attribution, x: 1 })
  const events = recordEvents(element)
  await settle(element)
  rankings[0]!.reject(new NotFittedError('explain was called before fit.'))
  attributions[0]!.reject(new Error('<img src=x onerror="window.wasParsed = true">'))
  await settle(element)
  expect(readMessages(element)).toEqual([
    '<img src=x onerror="window.wasParsed = true">',
    'explain was called before fit. In <gl-explainer>: set xTrain and yTrain, or fit the explainer before you set it.',
  ])
  expect('wasParsed' in window).toBe(false)
  expect(events).toEqual(['similarity error', 'attribution error'])

  const retry = findButtons(element)
  expect(retry.map(({ textContent }) => textContent.trim())).toEqual(['Try again', 'Try again'])
  retry[1]!.click()
  await settle(element)
  rankings[1]!.resolve({ meta: {} })
  await settle(element)
  expect(readMessages(element)[1]).toContain('expected an Explanation')
})

it('stops when it is removed, starts again when it is inserted, and continues when it is moved', async () => {
  const { similarity, fits, rankings } = fakeExplainers()
  const element = await mounted('gl-explainer', { similarity, xTrain: 1, yTrain: [0], x: 1 })
  await settle(element)
  const place = document.createElement('div')
  document.body.append(place)
  onTestFinished(() => {
    place.remove()
  })
  place.append(element)
  await settle(element)
  expect(fits.map(({ options }) => options.signal.aborted)).toEqual([false])

  element.remove()
  await settle(element)
  expect(fits[0]?.options.signal.aborted).toBe(true)
  element.x = 2
  await settle(element)
  expect(fits).toHaveLength(1)
  place.append(element)
  await settle(element)
  expect(fits).toHaveLength(2)
  fits[1]!.resolve(similarity)
  await settle(element)
  expect(rankings.map(({ x }) => x)).toEqual([2])
})

it('shows in one line what ran, where, and how long it took', async () => {
  const { similarity, attribution, fits, rankings, attributions } = fakeExplainers()
  const element = await mounted('gl-explainer', {
    similarity,
    attribution,
    xTrain: 1,
    yTrain: exampleLabels,
    x: 1,
  })
  await settle(element)
  expect(textsOf(element, '.run-report')).toEqual([''])
  attributions[0]!.resolve(map)
  fits[0]!.resolve(similarity)
  await settle(element)
  rankings[0]!.resolve(ranking)
  await settle(element)
  const time = '(?:< 1 ms|\\d+ ms|[\\d.]+ s)'
  expect(textsOf(element, '.run-report')[0]!.replace(/\s+/g, ' ')).toMatch(
    new RegExp(
      `^Runs on WASM\\. No WebGPU: no adapter\\. The gradients of 12 training examples took ${time} and 12 kB\\. ` +
        `Comparing with them took ${time}\\. The attribution of 50 steps took ${time}\\.$`,
    ),
  )
})

it('shows a time series as strips over time, and its training examples as lines', async () => {
  const { similarity, attribution, rankings, attributions } = fakeExplainers()
  const [day] = weatherExplanation().data['X'] as number[][][]
  const days = exampleLabels.map(() => day)
  const element = await mounted('gl-explainer', {
    similarity,
    attribution,
    kind: 'series',
    features: weatherFeatures,
    times: Array.from({ length: 48 }, (_, hour) => `${hour}:00`),
    x: 1,
  })
  attributions[0]!.resolve(weatherExplanation())
  rankings[0]!.resolve(rankingJson(exampleScores, { examples: days }))
  await settle(element)
  const strips = findChild(element, 'gl-attribution-series')
  expect(textsOf(strips, '[part="row"] .name')).toEqual(weatherFeatures)
  expect(strips.toCSV()).toContain('"pressure, hPa",40:00')
  expect(within(findChild(element, 'gl-similar-examples'), 'svg.series')).toHaveLength(10)
})

it('shows the value that a regression predicts, with its unit', async () => {
  const element = await mounted('gl-explainer', {
    kind: 'tabular',
    predict: () => [[18.25]],
    unit: 'mpg',
    truth: 17,
    x: [[1]],
  })
  await settle(element)
  expect(textsOf(element, '.verdict')).toEqual([
    'The model says 18.25 mpg; the true value is 17 mpg.',
  ])
})

it('places the contents of its slots next to the parts, and the answer on top', async () => {
  const { similarity, attribution, attributions } = fakeExplainers()
  const element = await mounted('gl-explainer', { similarity, attribution, labels, truth: 1 })
  expect(within(element, 'section').map((section) => section.className)).toEqual([
    'answer',
    'attribution',
    'similarity',
  ])
  element.innerHTML =
    '<p slot="example">the example</p><h2 slot="answer-title">The answer</h2><p slot="answer">more</p>'
  element.x = 'x'
  await settle(element)
  expect(within(element, 'section').map((section) => section.className)).toEqual([
    'example',
    'answer',
    'attribution',
    'similarity',
  ])
  const slotted = within<HTMLSlotElement>(element, 'slot').map((slot) =>
    slot.assignedElements().map(({ textContent }) => textContent),
  )
  expect(slotted.flat()).toEqual(['the example', 'The answer', 'more'])
  expect(findChild(element, 'gl-attribution-image').layout).toBe('map')
  attributions[0]!.resolve(map)
  await settle(element)
  expect(textsOf(element, '.verdict')).toEqual([
    'The model says two (60 %), then one (30 %). It is wrong: the example is labelled one.',
  ])

  // The sentence stays that of the old example until there is an answer for the next one.
  element.x = 'y'
  element.truth = 2
  await settle(element)
  expect(textsOf(element, '.verdict')[0]).toContain('It is wrong')
  expect(within(element, '.verdict')[0]?.hasAttribute('data-stale')).toBe(true)
})

it.each(['light', 'dark'] as const)(
  'passes axe while it works, after a failure and with results, in %s',
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
    await settle(element)
    fits[0]!.options.onProgress({ phase: 'fit', done: 5, total: 12 })
    attributions[0]!.reject(new Error('The GPU was lost.'))
    await expect
      .poll(() => findProgress(element).flatMap((each) => within(each, 'progress')))
      .toHaveLength(1)
    expect(await faults()).toEqual([])
    fits[0]!.resolve(similarity)
    await settle(element)
    rankings[0]!.resolve(ranking)
    findButtons(element)[0]!.click()
    await settle(element)
    attributions[1]!.resolve(map)
    await settle(element)
    expect(findChild(element, 'gl-attribution-image').state).toBe('ready')
    expect(await faults()).toEqual([])
  },
)
