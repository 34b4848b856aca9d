/** The elements in templates of Vue and Svelte. It is compiled, never run. */
import type { SvelteHTMLElements } from 'svelte/elements'
import type { GlobalComponents } from 'vue'
import type { ClassProbability } from 'gradlens/elements'
import type {} from 'gradlens/elements/svelte'
import type {} from 'gradlens/elements/vue'
import { expectTypeOf } from 'vitest'

type VueProperties = InstanceType<GlobalComponents['gl-probabilities']>['$props']
type SvelteProperties = SvelteHTMLElements['gl-probabilities']

export const vue: VueProperties = {
  class: 'answers',
  predictions: [[0.9, 0.1]],
  labels: ['cat', 'dog'],
  'onGl-class-select': (event) => {
    expectTypeOf(event.detail).toEqualTypeOf<ClassProbability>()
  },
}

export const svelte: SvelteProperties = {
  class: 'answers',
  predictions: [[0.9, 0.1]],
  labels: ['cat', 'dog'],
  'ongl-class-select': (event) => {
    expectTypeOf(event.detail).toEqualTypeOf<ClassProbability>()
  },
}

// @ts-expect-error -- labels are names, not one text
export const vueLabels: VueProperties = { labels: 'cat, dog' }
// @ts-expect-error -- labels are names, not one text
export const svelteLabels: SvelteProperties = { labels: 'cat, dog' }
// @ts-expect-error -- the state is read-only
export const vueState: VueProperties = { state: 'ready' }
// @ts-expect-error -- the state is read-only
export const svelteState: SvelteProperties = { state: 'ready' }
