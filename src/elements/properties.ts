import type { LitElement } from 'lit'

/** The tags of the elements that this package registers. */
export type ElementTag = keyof HTMLElementTagNameMap & `gl-${string}`

// Two types are identical if functions that depend on them in this way are assignable to each other.
/* eslint-disable @typescript-eslint/no-unnecessary-type-parameters -- the comparison needs T */
type Equal<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false

/* eslint-enable @typescript-eslint/no-unnecessary-type-parameters */

/** The names of an element's own properties that can be set: no methods, nothing read-only. */
type SettableName<Element> = {
  [Name in Exclude<keyof Element, keyof LitElement>]-?: Element[Name] extends (
    ...args: never
  ) => unknown
    ? never
    : Equal<Pick<Element, Name>, Readonly<Record<Name, Element[Name]>>> extends true
      ? never
      : Name
}[Exclude<keyof Element, keyof LitElement>]

/** The properties of an element that a page sets. */
export type SettableProperties<Tag extends ElementTag> = Partial<
  Pick<HTMLElementTagNameMap[Tag], SettableName<HTMLElementTagNameMap[Tag]>>
>

/** Listeners for the elements' events, under the names that React and Svelte give them: `ongl-class-select`. */
export type EventListeners = {
  [Name in keyof HTMLElementEventMap & `gl-${string}` as `on${Name}`]?: (
    event: HTMLElementEventMap[Name],
  ) => void
}
