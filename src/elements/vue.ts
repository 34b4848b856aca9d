import type { HTMLAttributes, PublicProps } from 'vue'
import type { ElementTag, SettableProperties } from './properties.js'

export type * from './define.js'

/** The elements' events under the names that Vue gives listeners: `onGl-class-select`, `@gl-class-select`. */
type VueListeners = {
  [Name in keyof HTMLElementEventMap & `gl-${string}` as `on${Capitalize<Name>}`]?: (
    event: HTMLElementEventMap[Name],
  ) => void
}

/** An element as a component of Vue's templates. */
export type VueElement<Tag extends ElementTag> = new () => {
  $props: SettableProperties<Tag> &
    VueListeners &
    Omit<HTMLAttributes & PublicProps, keyof SettableProperties<Tag>>
}

type VueElements = { [Tag in ElementTag]: VueElement<Tag> }

declare module 'vue' {
  // eslint-disable-next-line @typescript-eslint/no-empty-object-type -- its members are the elements
  interface GlobalComponents extends VueElements {}
}
