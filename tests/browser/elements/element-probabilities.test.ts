import 'gradlens/elements/define'
import type { ClassProbability } from 'gradlens/elements'
import { expect, it } from 'vitest'
import { digitAnswer, digitExplanation } from '../../support/elements/element-fixtures.js'
import { mounted, textsOf, within } from '../../support/elements/mounted.js'

it('shows each class with its bar and percentage, and names the predicted one', async () => {
  const element = await mounted('gl-probabilities', { explanation: digitExplanation() })
  expect(textsOf(element, '.label')).toEqual(Array.from('0123456789'))
  expect(textsOf(element, '.percent').slice(3, 5)).toEqual(['21.0 %', '< 0.1 %'])
  expect(within(element, '.bar')[3]?.style.transform).toBe('scaleX(0.21)')
  expect(textsOf(element, '.row[data-predicted] .label')).toEqual(['8'])
  expect(textsOf(element, 'figcaption')).toEqual(['The model says 8 (61 %), then 3 (21 %).'])
  expect(element.toCSV().split('\r\n').slice(0, 2)).toEqual(['class,probability', '0,0.004'])
})

it('shows the answer of a model before the explanation, in any form', async () => {
  const forms = [digitAnswer, [digitAnswer], { data: Float64Array.from(digitAnswer), shape: [10] }]
  for (const predictions of forms) {
    const element = await mounted('gl-probabilities', { predictions })
    expect(textsOf(element, 'figcaption')).toEqual(['The model says 8 (61 %), then 3 (21 %).'])
  }
})

it('shows both sides of a single probability if they have names', async () => {
  const names = { labels: ['negative', 'positive'] }
  const element = await mounted('gl-probabilities', { predictions: [[0.8]], ...names })
  expect(textsOf(element, '.percent')).toEqual(['20.0 %', '80.0 %'])
})

it('says in words whether the model is right', async () => {
  const given = { predictions: [0.1, 0.9], labels: ['cat', 'dog'] }
  const right = await mounted('gl-probabilities', { ...given, truth: 1 })
  expect(textsOf(right, 'figcaption')[0]).toContain('It is right.')
  const wrong = await mounted('gl-probabilities', { ...given, truth: 0 })
  expect(textsOf(wrong, 'figcaption')[0]).toContain('It is wrong: the example is labelled cat.')
  expect(textsOf(wrong, '.row')[0]).toContain('labelled')
})

it('can show only the most probable classes', async () => {
  const element = await mounted('gl-probabilities', { predictions: digitAnswer, top: 3 })
  expect(textsOf(element, '.label')).toEqual(['8', '3', '5'])
})

it('reserves the places of classes with names before the answer, so nothing moves', async () => {
  const element = await mounted('gl-probabilities')
  element.setAttribute('labels', 'zero, one, two')
  await element.updateComplete
  const before = element.getBoundingClientRect().height
  expect(textsOf(element, '.percent')).toEqual(['–', '–', '–'])
  element.predictions = [0.5, 0.3, 0.2]
  await element.updateComplete
  expect(element.getBoundingClientRect().height).toBe(before)
})

it('reserves a place for each class, without guessing the order', async () => {
  const labels = Array.from({ length: 1000 }, (_, i) => `class ${i}`)
  const element = await mounted('gl-probabilities', { labels, top: 3, selectable: true })
  const before = element.getBoundingClientRect().height
  expect(textsOf(element, '.label')).toEqual(['–', '–', '–'])
  element.predictions = labels.map((_, i) => (i === 7 ? 0.5 : 0.5 / 999))
  element.selected = 7
  element.selectedNote = 'explained'
  await element.updateComplete
  expect(textsOf(element, '.label')).toEqual(['class 7', 'class 0', 'class 1'])
  expect(element.getBoundingClientRect().height).toBeGreaterThanOrEqual(before)
})

it('gives its bars the whole width between names and percentages, and puts notes below them', async () => {
  const given = { predictions: [0.999, 0.001], labels: ['Ankle boot', 'T-shirt/top'] }
  const element = await mounted('gl-probabilities', {
    ...given,
    truth: 0,
    selectable: true,
    selected: 0,
    selectedNote: 'explained',
  })
  element.style.inlineSize = '286px'
  await element.updateComplete
  const [bar] = within(element, '.bar')
  expect(bar!.getBoundingClientRect().width).toBeGreaterThan(286 / 4)
  const [label, other] = within(element, '.label')
  expect(label!.getBoundingClientRect().height).toBe(other!.getBoundingClientRect().height)
  const heights = (): number[] =>
    within(element, '.row').map((row) => row.getBoundingClientRect().height)
  const before = heights()
  expect(before[0]).toBe(before[1])
  element.selected = 1
  await element.updateComplete
  expect(heights()).toEqual(before)
})

it.each([
  [[2.3, -1.2], 'predictions: got 2.3 at 0; expected probabilities from 0 to 1'],
  [[0.5, NaN], 'predictions: got NaN at 1'],
  [[], 'predictions: got none'],
])('reports what is wrong with %j', async (predictions, message) => {
  const element = await mounted('gl-probabilities', { predictions })
  expect(textsOf(element, '[role="alert"]')[0]).toContain(message)
})

it('chooses a class by pointer or keys, and fires an event', async () => {
  const chosen: ClassProbability[] = []
  const element = await mounted('gl-probabilities', {
    predictions: [0.1, 0.7, 0.2],
    labels: ['a', 'b', 'c'],
    selectable: true,
    selectedNote: 'in the map',
  })
  document.body.addEventListener(
    'gl-class-select',
    ({ detail }) => {
      chosen.push(detail)
    },
    { once: true },
  )
  const buttons = within<HTMLButtonElement>(element, 'button.row')
  expect(buttons.map(({ tabIndex }) => tabIndex)).toEqual([0, -1, -1])
  buttons[2]?.click()
  await element.updateComplete
  expect(chosen).toEqual([{ index: 2, label: 'c', probability: 0.2 }])
  expect(element.selected).toBe(2)
  expect(buttons.map((button) => button.getAttribute('aria-pressed'))).toEqual([
    'false',
    'false',
    'true',
  ])
  expect(textsOf(element, 'button[aria-pressed="true"] .note')).toEqual(['in the map'])

  buttons[2]?.focus()
  const press = (key: string): void => {
    const target = element.shadowRoot?.activeElement
    target?.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }))
  }
  press('ArrowDown')
  expect(element.shadowRoot?.activeElement).toBe(buttons[0])
  press('End')
  expect(element.shadowRoot?.activeElement).toBe(buttons[2])
  press('ArrowUp')
  expect(element.shadowRoot?.activeElement).toBe(buttons[1])
  expect(buttons.filter(({ tabIndex }) => tabIndex === 0)).toEqual([buttons[1]])
})
