import { type Rgb, rgbOf } from '../base/color/theme.js'
import { mix } from './contrast.js'
import type { HostColors } from './match-colors.js'

/** A program that shows pages with elements in it; 'page' for any other. */
export type Host = 'gradio' | 'jupyter' | 'marimo' | 'page' | 'streamlit' | 'tensorboard' | 'vscode'

/** The custom properties of a host. The first that is set counts. */
interface HostProperties {
  /** What is behind a frame whose page is transparent. */
  readonly paper?: readonly string[]
  readonly ink: readonly string[]
  readonly inkQuiet: readonly string[]
  readonly accent: readonly string[]
  readonly font: readonly string[]
}

const none: HostProperties = { ink: [], inkQuiet: [], accent: [], font: [] }

export const hostProperties: Readonly<Record<Host, HostProperties>> = {
  // Before Jupyter, whose properties VS Code's widgets bring along.
  vscode: {
    paper: ['--vscode-notebook-editorBackground', '--vscode-editor-background'],
    ink: ['--vscode-editor-foreground'],
    inkQuiet: ['--vscode-descriptionForeground'],
    accent: ['--vscode-focusBorder'],
    font: ['--vscode-font-family'],
  },
  gradio: {
    ink: ['--body-text-color'],
    inkQuiet: ['--body-text-color-subdued'],
    accent: ['--color-accent'],
    font: ['--font'],
  },
  jupyter: {
    ink: ['--jp-content-font-color1', '--jp-ui-font-color1'],
    inkQuiet: ['--jp-ui-font-color2'],
    accent: ['--jp-brand-color1'],
    font: ['--jp-ui-font-family'],
  },
  marimo: {
    ink: ['--foreground'],
    inkQuiet: ['--muted-foreground'],
    accent: ['--primary'],
    font: ['--text-font'],
  },
  streamlit: {
    ink: ['--st-text-color'],
    inkQuiet: [],
    accent: ['--st-primary-color'],
    font: ['--st-font'],
  },
  // Its colours aren't in custom properties.
  tensorboard: none,
  page: none,
}

/** The host whose custom properties an element inherits. */
export function findHost(element: Element): Host {
  const style = getComputedStyle(element)
  const hosts = Object.entries(hostProperties) as [Host, HostProperties][]
  const found = hosts.find(([, { ink }]) =>
    ink.some((name) => style.getPropertyValue(name).trim() !== ''),
  )
  return found?.[0] ?? 'page'
}

/** The colours around an element now. */
export function readHostColors(element: HTMLElement, host: Host): HostColors {
  const { ink, inkQuiet, accent, paper: behind = [] } = hostProperties[host]
  const ground = findProperty(element, behind)
  const paper = findPaper(
    element,
    ground === null
      ? computeColor(element.ownerDocument.documentElement, 'Canvas')
      : computeColor(element, `var(${ground})`),
  )
  const read = (names: readonly string[]): Rgb | null => {
    const name = findProperty(element, names)
    if (name === null) return null
    const { color, alpha } = parseLayer(computeColor(element, `var(${name})`))
    return mix(paper, color, alpha)
  }
  return {
    paper,
    ink: read(ink),
    inkQuiet: read(inkQuiet),
    accent: read(accent),
  }
}

/** The first of the custom properties that the element inherits; null if there is none. */
export function findProperty(element: Element, names: readonly string[]): string | null {
  const style = getComputedStyle(element)
  return names.find((name) => style.getPropertyValue(name).trim() !== '') ?? null
}

/**
 * The colour of what is behind an element: of itself and around it, and in a frame, around the
 * frame.
 *
 * @param ground the colour behind all of them
 */
function findPaper(element: Element, ground: string): Rgb {
  const layers: { color: Rgb; alpha: number }[] = []
  for (let each = findParent(element); each !== null; each = findParent(each)) {
    const layer = parseLayer(getComputedStyle(each).backgroundColor)
    if (layer.alpha > 0) layers.push(layer)
    if (layer.alpha >= 1) break
  }
  return layers.reduceRight((below, { color, alpha }) => mix(below, color, alpha), rgbOf(ground))
}

/** The parent, across shadow roots and, where the page may look, frames. */
function findParent(element: Element): Element | null {
  if (element.assignedSlot !== null) return element.assignedSlot
  if (element.parentElement !== null) return element.parentElement
  const root = element.getRootNode()
  if (root instanceof ShadowRoot) return root.host
  try {
    return element.ownerDocument.defaultView?.frameElement ?? null
  } catch {
    return null
  }
}

/** A computed colour, without and with its opacity. */
function parseLayer(css: string): { color: Rgb; alpha: number } {
  const text = /^rgba\(.*, ([\d.]+)\)$/.exec(css)?.[1] ?? /\/ ([\d.]+)\)$/.exec(css)?.[1]
  if (text === undefined) return { color: rgbOf(css), alpha: 1 }
  const opaque = css.replace(/(, |\/ )[\d.]+\)$/, (_, before: string) => `${before}1)`)
  return { color: rgbOf(opaque), alpha: Number(text) }
}

/** A CSS colour as the browser computes it where the element is. */
function computeColor(element: Element, color: string): string {
  const probe = element.ownerDocument.createElement('span')
  probe.style.color = color
  probe.style.display = 'none'
  const place = element.shadowRoot ?? element
  place.append(probe)
  const computed = getComputedStyle(probe).color
  probe.remove()
  return computed
}
