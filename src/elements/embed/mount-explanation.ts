import { toCamelCase } from '../../explanation/fields.js'
import type { ExplanationSource } from '../base/explanation-source.js'
import { GlExplanation } from '../explanation/explanation.js'
import { followHost } from '../host/follow-host.js'
import type { Label } from '../similar-examples/labels.js'

/** A training example that the user selected, as other programs receive it. */
export interface SelectedTrainingExample {
  readonly index: number
  readonly score: number
  readonly label: Label | null
  /** Its rank at that end, from 0. */
  readonly rank: number
  readonly end: 'most' | 'least'
}

/** An element that shows an explanation in a page of a host. */
export interface MountedExplanation {
  /** Shows another explanation or sets properties. Undefined: as before. */
  update(explanation?: ExplanationSource | null, options?: object): void
  /** Removes the element. */
  dispose(): void
}

/**
 * Shows an explanation in `<gl-explanation>`, in the colours of the page around it.
 *
 * @param parent where the element is appended
 * @param options properties of `<gl-explanation>` and of the element that it chooses, in camelCase
 *   or snake_case
 * @param onSelect is called when the user selects a training example. Without it, they are not
 *   selectable.
 */
export function mountExplanation(
  parent: Element | ShadowRoot,
  explanation: ExplanationSource | null,
  options: object = {},
  onSelect?: (selected: SelectedTrainingExample | null) => void,
): MountedExplanation {
  const element = parent.ownerDocument.createElement('gl-explanation')
  const set = (given: object): void => {
    const own: Record<string, unknown> = {}
    const others: Record<string, unknown> = onSelect === undefined ? {} : { selectable: true }
    for (const [key, value] of Object.entries(given)) {
      const name = toCamelCase(key)
      const isOwn = GlExplanation.elementProperties.has(name) && !ownNames.has(name)
      if (isOwn) own[name] = value
      else others[name] = value
    }
    Object.assign(element, own, { options: others })
  }
  set(options)
  element.explanation = explanation
  if (onSelect !== undefined) {
    element.addEventListener('gl-example-select', ({ detail }) => {
      const { index, score, label = null, rank, end } = detail
      onSelect({ index, score, label, rank, end })
    })
  }
  parent.append(element)
  const stop = followHost(element)
  return {
    update(next, changed) {
      if (changed !== undefined) set(changed)
      if (next !== undefined) element.explanation = next
    },
    dispose() {
      stop()
      element.remove()
    },
  }
}

/** What the function sets itself. */
const ownNames: ReadonlySet<string> = new Set(['explanation', 'src', 'options', 'loading'])
