import { followHost } from 'gradlens/elements'
import 'gradlens/elements/define'
import axe from 'axe-core'
import { expect, it, onTestFinished } from 'vitest'
import { rgbOf } from '../../../src/elements/base/color/theme.js'
import { findContrast } from '../../../src/elements/host/contrast.js'
import {
  carExplanation,
  reviewExplanation,
  reviewTokens,
} from '../../support/elements/element-fixtures.js'
import { mounted, within } from '../../support/elements/mounted.js'

/** The rules of each host that reach an element, as its version serves them. */
const hosts = {
  jupyter: {
    // JupyterLab 4.6: the theme's style sheet is replaced, and the body names it.
    light: `:root { --jp-layout-color0: white; --jp-content-font-color1: rgba(0,0,0,.87); --jp-ui-font-color2: rgba(0,0,0,.54);
      --jp-brand-color1: #1976d2; --jp-ui-font-family: system-ui, sans-serif } body { background: var(--jp-layout-color0) }`,
    dark: `:root { --jp-layout-color0: #111; --jp-content-font-color1: #fff; --jp-ui-font-color2: rgba(255,255,255,.54);
      --jp-brand-color1: #2196f3; --jp-ui-font-family: system-ui, sans-serif } body { background: var(--jp-layout-color0) }`,
  },
  gradio: {
    // Gradio 6.31, the default theme, inside a block of prose.
    light: `:root { --neutral-800: #27272a; --body-text-color: var(--neutral-800); --body-text-color-subdued: #bbbbc2;
      --color-accent: #f97316; --font: 'Source Sans Pro', sans-serif } body { background: white; color: var(--body-text-color) }
      .prose * { color: var(--body-text-color); font-size: 12px; text-transform: uppercase }`,
    dark: `:root { --neutral-100: #f4f4f5; --body-text-color: var(--neutral-100); --body-text-color-subdued: #bbbbc2;
      --color-accent: #f97316; --font: 'Source Sans Pro', sans-serif } body { background: #0f0f11 } .block { background: #27272a }
      .prose * { color: var(--body-text-color) }`,
  },
  marimo: {
    light: `:root { color-scheme: light; --background: #fff; --foreground: #0f172a; --muted-foreground: #64748b; --primary: #0880ea;
      --text-font: "PT Sans", sans-serif } body { background: var(--background) }`,
    dark: `:root { color-scheme: dark; --background: #181c1a; --foreground: #eceeed; --muted-foreground: #aab2af; --primary: #28879f;
      --text-font: "PT Sans", sans-serif } body { background: var(--background) }`,
  },
  streamlit: {
    light: `:root { color-scheme: light } .block { background: #ffffff; --st-text-color: #31333f; --st-primary-color: #ff4b4b; --st-font: "Source Sans", sans-serif }`,
    dark: `:root { color-scheme: dark } .block { background: rgb(14, 17, 23); --st-text-color: #fafafa; --st-primary-color: #ff4b4b; --st-font: "Source Sans", sans-serif }`,
  },
  vscode: {
    // A frame whose page is transparent, in front of the editor, with the light properties of Jupyter's widgets.
    light: `:root { --jp-content-font-color1: black; --vscode-editor-background: #ffffff; --vscode-editor-foreground: #3b3b3b; --vscode-descriptionForeground: #3b3b3b;
      --vscode-focusBorder: #005fb8 } body { background: transparent }`,
    dark: `:root { --jp-content-font-color1: black; --vscode-editor-background: #1f1f1f; --vscode-editor-foreground: #cccccc; --vscode-descriptionForeground: #9d9d9d;
      --vscode-focusBorder: #0078d4 } body { background: transparent }`,
  },
  page: {
    light: `body { background: #faf3e0; color: #654321 }`,
    dark: `body { background: oklch(0.3 0.05 250); color: gray }`,
  },
  // Material's grey, in a page around a frame.
  tensorboard: {
    light: `body { background: #fff }`,
    dark: `body { background: #303030; color: #fff }`,
  },
} as const

const cases = (Object.keys(hosts) as (keyof typeof hosts)[]).flatMap((host) =>
  (['light', 'dark'] as const).map((theme) => [host, theme] as const),
)

/** A page of the host: its rules, and a block in it. */
function openHost(css: string): { block: HTMLElement; style: HTMLStyleElement } {
  const style = document.createElement('style')
  style.textContent = css
  document.head.append(style)
  const block = document.createElement('div')
  block.className = 'block prose'
  document.body.append(block)
  onTestFinished(() => {
    style.remove()
    block.remove()
  })
  return { block, style }
}

const review = {
  explanation: reviewExplanation(),
  tokens: ['', '', ...reviewTokens],
  labels: ['negative', 'positive'],
}

/** Text of 7 : 1, where axe by default asks for 4.5. */
const options = { rules: { 'color-contrast-enhanced': { enabled: true } } }

async function findFaults(element: Element): Promise<string[]> {
  const { violations } = await axe.run(element, options)
  return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`))
}

it.each(cases)('is legible in %s, %s, with 7 : 1, and has its theme', async (host, theme) => {
  const { block } = openHost(hosts[host][theme])
  for (const tag of ['gl-attribution-text', 'gl-probabilities', 'gl-explanation'] as const) {
    const element = await mounted(tag, review)
    block.append(element)
    const stop = followHost(element)
    await element.updateComplete
    expect(element.theme).toBe(theme)
    const [probe] = within(element, '.theme-probe')
    const { color, backgroundColor, textDecorationColor } = getComputedStyle(probe!)
    const paper = rgbOf(backgroundColor)
    expect(findContrast(rgbOf(color), paper)).toBeGreaterThanOrEqual(7)
    expect(findContrast(rgbOf(textDecorationColor), paper)).toBeGreaterThanOrEqual(7)
    expect(await findFaults(element), tag).toEqual([])
    stop()
    expect(element.theme).toBeNull()
    expect(element.style.cssText).toBe('')
  }
})

it.each([
  ['jupyter', '--gl-accent', 'dark', [33, 150, 243]],
  ['marimo', '--gl-ink', 'dark', [236, 238, 237]],
  ['gradio', '--gl-paper', 'dark', [39, 39, 42]],
  ['streamlit', '--gl-paper', 'dark', [14, 17, 23]],
  ['vscode', '--gl-paper', 'dark', [31, 31, 31]],
  ['jupyter', '--gl-ink', 'light', [33, 33, 33]],
] as const)(
  "takes over %s's colour for %s in its %s theme",
  async (host, name, theme, expected) => {
    const { block } = openHost(hosts[host][theme])
    const element = await mounted('gl-attribution-bars', { explanation: carExplanation() })
    block.append(element)
    onTestFinished(followHost(element))
    const set = rgbOf(element.style.getPropertyValue(name))
    // An accent that is too weak for text is strengthened, and keeps its hue.
    if (name === '--gl-accent') expect(findContrast(set, [17, 17, 17])).toBeGreaterThanOrEqual(7)
    else expect(set).toEqual(expected)
  },
)

it('follows when the host changes its theme, and stops', async () => {
  const { block, style } = openHost(hosts.jupyter.light)
  const element = await mounted('gl-attribution-bars', { explanation: carExplanation() })
  block.append(element)
  const stop = followHost(element, 'jupyter')
  expect(element.theme).toBe('light')
  style.textContent = hosts.jupyter.dark
  document.body.dataset['jpThemeLight'] = 'false'
  onTestFinished(() => {
    delete document.body.dataset['jpThemeLight']
  })
  await expect.poll(() => element.theme).toBe('dark')
  stop()
  document.body.dataset['jpThemeLight'] = 'true'
  await new Promise((resolve) => requestAnimationFrame(resolve))
  expect(element.theme).toBeNull()
})

it('looks through transparent frames, as in TensorBoard', () => {
  const { block } = openHost(hosts.tensorboard.dark)
  const frame = document.createElement('iframe')
  block.append(frame)
  const inner = frame.contentDocument!
  const element = inner.createElement('div')
  inner.body.append(element)
  onTestFinished(followHost(element))
  expect(element.style.colorScheme).toBe('dark')
  expect(rgbOf(element.style.getPropertyValue('--gl-paper'))).toEqual([48, 48, 48])
})

it('keeps what the page has set', async () => {
  const { block } = openHost(
    `${hosts.page.dark} gl-attribution-bars { --gl-ink: rgb(255, 255, 200) }`,
  )
  const element = await mounted('gl-attribution-bars', {
    explanation: carExplanation(),
    theme: 'dark',
  })
  block.append(element)
  const stop = followHost(element)
  expect(element.style.getPropertyValue('--gl-ink')).toBe('')
  expect(element.style.getPropertyValue('--gl-paper')).not.toBe('')
  stop()
  expect(element.theme).toBe('dark')
  const light = await mounted('gl-attribution-bars', {
    explanation: carExplanation(),
    theme: 'light',
  })
  block.append(light)
  onTestFinished(followHost(light))
  expect(light.style.cssText).toBe('')
})

it('refuses an unknown host', async () => {
  const element = await mounted('gl-attribution-bars')
  expect(() => followHost(element, 'excel' as 'auto')).toThrow(
    /host: got 'excel'; expected one of 'auto', 'gradio'/,
  )
})

it.each(['light', 'dark'] as const)(
  'follows a %s page when the element is attached after followHost',
  async (theme) => {
    const style = document.createElement('style')
    style.textContent = `body { background: ${theme === 'dark' ? '#111' : '#fff'} }`
    document.head.append(style)
    const element = document.createElement('gl-attribution-bars')
    const stop = followHost(element)
    onTestFinished(() => {
      stop()
      element.remove()
      style.remove()
    })
    expect(element.theme).toBeNull()
    document.body.append(element)
    await expect.poll(() => element.theme).toBe(theme)
  },
)

it('keeps its own text styles under rules for everything', async () => {
  const plain = await mounted('gl-attribution-bars', { explanation: carExplanation() })
  const styleOf = (element: Element): string[] => {
    const {
      color,
      fontSize,
      fontFamily,
      lineHeight,
      letterSpacing,
      textTransform,
      textAlign,
      whiteSpace,
      fontStyle,
      textShadow,
      wordSpacing,
      listStyleType,
    } = getComputedStyle(within(element, '.name')[0]!)
    return [
      color,
      fontSize,
      fontFamily,
      lineHeight,
      letterSpacing,
      textTransform,
      textAlign,
      whiteSpace,
      fontStyle,
      textShadow,
      wordSpacing,
      listStyleType,
    ]
  }
  const { block } =
    openHost(`.prose * { color: red; font: italic 30px/3 cursive; letter-spacing: 1em; text-transform: uppercase; text-align: end;
    white-space: pre; text-shadow: 0 0 4px red; word-spacing: 2em; list-style: square; border-collapse: collapse; quotes: none; tab-size: 1; hyphens: auto }`)
  const element = await mounted('gl-attribution-bars', { explanation: carExplanation() })
  block.append(element)
  expect(styleOf(element)).toEqual(styleOf(plain))
})
