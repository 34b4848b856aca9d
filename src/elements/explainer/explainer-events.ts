import type { Progress } from '../../options.js'
import type { GivenExplanation } from '../base/explanation-source.js'

/** What an explainer element works on: the answer with its attribution, or the similar training examples. */
export type ExplainPart = 'attribution' | 'similarity'

/** What the events of an explainer element carry. */
export interface ExplainEvents {
  'gl-explain-start': { readonly part: ExplainPart }
  /** In rows of the training examples, or steps of the attribution. */
  'gl-explain-progress': Progress & { readonly part: ExplainPart }
  'gl-explain-done': {
    readonly part: ExplainPart
    /** Its meta and data; null if only the model was asked. */
    readonly explanation: GivenExplanation | null
    readonly durationMs: number
  }
  'gl-explain-cancel': { readonly part: ExplainPart }
  'gl-explain-error': { readonly part: ExplainPart; readonly error: unknown }
}

/** One event of an explainer element, which goes up through the page. */
export function explainEvent<Name extends keyof ExplainEvents>(
  name: Name,
  detail: ExplainEvents[Name],
): CustomEvent<ExplainEvents[Name]> {
  return new CustomEvent(name, { detail, bubbles: true, composed: true })
}

type ExplainEventMap = { [Name in keyof ExplainEvents]: CustomEvent<ExplainEvents[Name]> }

declare global {
  // eslint-disable-next-line @typescript-eslint/no-empty-object-type -- its members are the events
  interface HTMLElementEventMap extends ExplainEventMap {}
}
