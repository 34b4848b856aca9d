import 'gradlens/elements/define'
import { expect, it } from 'vitest'
import { findChild, findProgress, settle } from '../../support/elements/explainer-element.js'
import { fakeExplainers, map, ranking } from '../../support/elements/fake-explainers.js'
import { mounted, textsOf, within } from '../../support/elements/mounted.js'
import { exampleScores } from '../../support/gradients/ranking-fixtures.js'

it('shows the most probable of many classes, the map over its image, and examples by their names', async () => {
  const { similarity, attribution, rankings, attributions, fits } = fakeExplainers()
  const element = await mounted('gl-explainer', {
    similarity,
    attribution,
    labels: Array.from({ length: 40 }, (_, i) => `class ${i}`),
    top: 2,
    mapLayout: 'overlay',
    trainNames: exampleScores.map((_, i) => `photo ${i}`),
    explainedIndex: 6,
    nouns: ['photo', 'photos'],
    examples: exampleScores.map((_, i) => `${i}.png`),
    kind: 'text',
    predict: () => Array.from({ length: 40 }, (_, i) => (i === 2 ? 0.61 : 0.01)),
    xTrain: [[0]],
    x: 'x',
  })
  await settle(element)
  expect(textsOf(findChild(element, 'gl-probabilities'), '.label')).toEqual(['class 2', 'class 0'])
  expect(findProgress(element).map(({ doing, unit }) => [doing, unit])).toEqual([
    ['Computing the attribution', 'steps'],
    ['Ranking the photos', 'photos'],
  ])
  fits[0]!.options.onProgress({ phase: 'fit', done: 1, total: 12 })
  await settle(element)
  expect(findProgress(element)[1]?.doing).toBe('Computing the gradients of the photos')
  fits[0]!.resolve(undefined)
  attributions[0]!.resolve(map)
  await settle(element)
  rankings[0]!.resolve(ranking)
  await settle(element)
  const similar = findChild(element, 'gl-similar-examples')
  expect(textsOf(similar, '.end:first-child [part="example"] .name')[0]).toBe('photo 4')
  expect(textsOf(similar, 'figcaption')[0]).toMatch(
    /^The model says class 2: the most similar photo is photo 4/,
  )
  expect(within(element, '[part="run-report"]')[0]?.textContent).toContain('12 photos')
  element.kind = 'image'
  await settle(element)
  expect(findChild(element, 'gl-attribution-image').layout).toBe('overlay')
})

it('shows what the page supplies until the model has answered', async () => {
  const { attribution, attributions } = fakeExplainers()
  const element = await mounted('gl-explainer', { attribution, labels: ['a', 'b', 'c'] })
  const button = document.createElement('button')
  Object.assign(button, { slot: 'start', textContent: 'Load the model' })
  element.append(button)
  element.requestUpdate()
  await settle(element)
  const isShown = (): boolean => button.checkVisibility()
  const placeOfParts = (): number => within(element, '.parts')[0]!.getBoundingClientRect().top
  const before = placeOfParts()
  expect(isShown()).toBe(true)
  element.x = 'x'
  await settle(element)
  expect(isShown()).toBe(true)
  attributions[0]!.resolve(map)
  await settle(element)
  expect(isShown()).toBe(false)
  expect(textsOf(element, '.verdict')[0]).toMatch(/^The model says c/)
  expect(placeOfParts()).toBe(before)
  element.x = null
  await settle(element)
  expect(isShown()).toBe(true)
})
