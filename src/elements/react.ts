import type { DetailedHTMLProps, HTMLAttributes } from 'react'
import type { ElementTag, EventListeners, SettableProperties } from './properties.js'

export type * from './define.js'

/** An element's properties and events, and what React gives every HTML element. */
export type ReactProperties<Tag extends ElementTag> = SettableProperties<Tag> &
  EventListeners &
  Omit<
    DetailedHTMLProps<HTMLAttributes<HTMLElementTagNameMap[Tag]>, HTMLElementTagNameMap[Tag]>,
    keyof SettableProperties<Tag>
  >

type ReactElements = { [Tag in ElementTag]: ReactProperties<Tag> }

declare module 'react' {
  // eslint-disable-next-line @typescript-eslint/no-namespace -- React's own form
  namespace JSX {
    // eslint-disable-next-line @typescript-eslint/no-empty-object-type -- its members are the elements
    interface IntrinsicElements extends ReactElements {}
  }
}
