import type { HTMLAttributes } from 'svelte/elements'
import type { ElementTag, EventListeners, SettableProperties } from './properties.js'

export type * from './define.js'

/** An element's properties and events, and what Svelte gives every HTML element. */
export type SvelteProperties<Tag extends ElementTag> = SettableProperties<Tag> &
  EventListeners &
  Omit<HTMLAttributes<HTMLElementTagNameMap[Tag]>, keyof SettableProperties<Tag>>

type SvelteElements = { [Tag in ElementTag]: SvelteProperties<Tag> }

declare module 'svelte/elements' {
  // eslint-disable-next-line @typescript-eslint/no-empty-object-type -- its members are the elements
  interface SvelteHTMLElements extends SvelteElements {}
}
