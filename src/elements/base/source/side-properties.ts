import type { LitElement } from 'lit'
import type { FrameSide } from '../../../frame/frame.js'

/**
 * Properties that a frame doesn't set: its source and state; and addresses, because a frame from
 * elsewhere could otherwise make the page send requests.
 */
const ownProperties: ReadonlySet<string> = new Set([
  'explanation',
  'src',
  'loading',
  'theme',
  'urlTemplate',
  'selectable',
])

/** Sets the properties that a frame has and the page has not set. */
export class SideProperties {
  readonly #element: LitElement
  readonly #given = new Map<string, unknown>()

  constructor(element: LitElement) {
    this.#element = element
  }

  /** Whether a property has the value that the frame gave it. */
  has(name: string): boolean {
    const element = this.#element as unknown as Record<string, unknown>
    return this.#given.has(name) && this.#given.get(name) === element[name]
  }

  /** Takes the values of an earlier frame back, and sets those of this one. */
  apply(side: FrameSide): void {
    const element = this.#element as unknown as Record<string, unknown>
    const defaults = getDefaults(this.#element)
    for (const [name, value] of this.#given) {
      if (element[name] === value) element[name] = defaults[name]
    }
    this.#given.clear()
    const { elementProperties } = this.#element.constructor as typeof LitElement
    for (const [name, value] of Object.entries(side)) {
      if (!elementProperties.has(name) || ownProperties.has(name)) continue
      if (!isSame(element[name], defaults[name])) continue
      element[name] = value
      this.#given.set(name, value)
    }
  }
}

const defaultsByClass = new WeakMap<object, Readonly<Record<string, unknown>>>()

/** The properties of a new element. */
function getDefaults(element: LitElement): Readonly<Record<string, unknown>> {
  const Class = element.constructor as (new () => LitElement) & typeof LitElement
  let defaults = defaultsByClass.get(Class)
  if (defaults === undefined) {
    const fresh = new Class() as unknown as Record<string, unknown>
    defaults = Object.fromEntries(
      [...Class.elementProperties.keys()].map((name) => [name, fresh[name as string]]),
    )
    defaultsByClass.set(Class, defaults)
  }
  return defaults
}

const isSame = (value: unknown, initial: unknown): boolean =>
  Object.is(value, initial) ||
  (Array.isArray(value) && Array.isArray(initial) && value.length + initial.length === 0)
