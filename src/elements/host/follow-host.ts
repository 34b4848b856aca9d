import { readChoice } from '../../options.js'
import { cssOf } from '../base/color/theme.js'
import { findHost, findProperty, type Host, hostProperties, readHostColors } from './host-colors.js'
import { matchColors } from './match-colors.js'

const hosts: readonly (Host | 'auto')[] = [
  'auto',
  'gradio',
  'jupyter',
  'marimo',
  'page',
  'streamlit',
  'tensorboard',
  'vscode',
]

/**
 * Gives an element the dark mode, the colours and the font of the page that it is in, and keeps
 * following them. It sets the element's `theme` and its custom properties, except those that the
 * page has set itself. A colour that would make text illegible (less than 7 : 1) is replaced by a
 * stronger one.
 *
 * @param host whose custom properties to use; 'auto' finds it by them
 * @returns a function that stops following, and removes what was set
 * @throws InvalidArgumentError for an unknown host
 */
export function followHost(element: HTMLElement, host: Host | 'auto' = 'auto'): () => void {
  readChoice('host', host, hosts)
  const own: OwnValues = new Map()
  let frame = 0
  const update = (): void => {
    // Outside the page an element has no colours around it; hosts attach it before the next frame.
    if (element.isConnected) applyHost(element, host === 'auto' ? findHost(element) : host, own)
    else frame = requestAnimationFrame(update)
  }
  const updateSoon = (): void => {
    cancelAnimationFrame(frame)
    frame = requestAnimationFrame(update)
  }
  const documents = listDocuments(element)
  const observer = new MutationObserver(updateSoon)
  const preference = matchMedia('(prefers-color-scheme: dark)')
  preference.addEventListener('change', updateSoon)
  for (const each of documents) {
    const attributes = {
      attributes: true,
      attributeFilter: [
        'class',
        'style',
        'theme',
        'data-theme',
        'data-jp-theme-light',
        'data-jp-theme-name',
        'data-vscode-theme-kind',
      ],
    }
    observer.observe(each.documentElement, attributes)
    observer.observe(each.body, attributes)
    observer.observe(each.head, { childList: true })
    // A theme may come in a style sheet, or by a transition.
    each.addEventListener('load', updateSoon, true)
    each.addEventListener('transitionend', updateSoon, true)
  }
  update()
  return () => {
    cancelAnimationFrame(frame)
    observer.disconnect()
    preference.removeEventListener('change', updateSoon)
    for (const each of documents) {
      each.removeEventListener('load', updateSoon, true)
      each.removeEventListener('transitionend', updateSoon, true)
    }
    for (const name of own.keys()) remove(element, name)
  }
}

/** What was set, by the name of the custom property, or 'theme'. */
type OwnValues = Map<string, string>

interface Themed {
  theme?: unknown
}

function applyHost(element: HTMLElement, host: Host, own: OwnValues): void {
  const { theme, properties } = matchColors(readHostColors(element, host))
  const font = findProperty(element, hostProperties[host].font)
  const wanted = new Map(Object.entries(properties).map(([name, rgb]) => [name, cssOf(rgb)]))
  if (font !== null) wanted.set('--gl-font', `var(${font})`)
  const given = (element as Themed).theme ?? null
  const isGiven = given !== null && given !== own.get('theme')
  // Colours of one theme are illegible in the other.
  if (isGiven && given !== theme) wanted.clear()
  if (!isGiven) wanted.set('theme', theme)
  for (const name of own.keys()) {
    if (!wanted.has(name)) remove(element, name)
  }
  const style = getComputedStyle(element)
  for (const [name, value] of wanted) {
    // Only what changes, because a change may start a transition, whose end calls this again.
    if (own.get(name) === value) continue
    const isOfPage =
      name !== 'theme' && !own.has(name) && style.getPropertyValue(name).trim() !== ''
    if (isOfPage) wanted.delete(name)
    else set(element, name, value)
  }
  own.clear()
  for (const [name, value] of wanted) own.set(name, value)
}

function set(element: HTMLElement, name: string, value: string): void {
  if (name !== 'theme') element.style.setProperty(name, value)
  else if ('theme' in element) element.theme = value
  else element.style.colorScheme = value
}

function remove(element: HTMLElement, name: string): void {
  if (name !== 'theme') element.style.removeProperty(name)
  else if ('theme' in element) element.theme = null
  else element.style.removeProperty('color-scheme')
}

/** The document of an element, and those around its frame that the page may look at. */
function listDocuments(element: Element): Document[] {
  const documents = [element.ownerDocument]
  try {
    for (
      let frame = element.ownerDocument.defaultView?.frameElement ?? null;
      frame !== null;
      frame = frame.ownerDocument.defaultView?.frameElement ?? null
    ) {
      documents.push(frame.ownerDocument)
    }
  } catch {
    // A frame of another origin: its page is not accessible.
  }
  return documents
}
