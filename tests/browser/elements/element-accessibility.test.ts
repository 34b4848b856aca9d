import 'gradlens/elements/define'
import axe from 'axe-core'
import { expect, it, onTestFinished } from 'vitest'
import {
  everyElementInEveryState,
  type ShownElement,
} from '../../support/elements/element-states.js'
import { mounted } from '../../support/elements/mounted.js'

const themes = ['light', 'dark'] as const

/** The element on the background of its theme, in its state. */
async function shown(
  { tag, properties, isWaiting }: ShownElement,
  theme: string,
): Promise<HTMLElement> {
  document.documentElement.style.colorScheme = theme
  onTestFinished(() => {
    document.documentElement.style.removeProperty('color-scheme')
  })
  const element = await mounted(tag as 'gl-probabilities', properties)
  if (isWaiting) element.explanation = new Promise(() => undefined)
  await element.updateComplete
  return element
}

/** Text that is as legible as look and feel ask for: 7 : 1, where axe by default asks for 4.5. */
const options = { rules: { 'color-contrast-enhanced': { enabled: true } } }

async function found(element: HTMLElement): Promise<string[]> {
  const { violations } = await axe.run(element, options)
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, any }) => `${id}: ${html} ${any.map(({ message }) => message).join()}`),
  )
}

it.each(themes)('passes axe in every state of every element, in %s', async (theme) => {
  for (const each of everyElementInEveryState()) {
    const element = await shown(each, theme)
    expect(await found(element), each.title).toEqual([])
    element.remove()
  }
})

it('keeps every element within its width, also on a phone', async () => {
  for (const each of everyElementInEveryState()) {
    const element = await shown(each, 'light')
    for (const width of [320, 358, 560]) {
      element.style.width = `${width}px`
      expect(element.scrollWidth, `${each.title}, ${width}`).toBeLessThanOrEqual(width)
    }
    element.remove()
  }
})

it('finds a fault inside an element', async () => {
  const element = await mounted('gl-probabilities', { predictions: [0.4, 0.6], truth: 0 })
  element.style.setProperty('--gl-ink-quiet', '#6a6a72')
  expect(await found(element)).toEqual([
    expect.stringContaining('color-contrast-enhanced: <span class="note">'),
    expect.stringContaining('color-contrast-enhanced: <summary>'),
  ])
})
