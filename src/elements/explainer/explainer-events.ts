import type { Progress } from '../../options.js'
import type { GivenExplanation } from '../base/explanation-source.js'

/**
 * The two parts that an explainer element computes: the prediction with its attribution, and the
 * similar examples.
 */
export type ExplainPart = 'attribution' | 'similarity'

/** The details of an explainer element's events. */
export interface ExplainEvents {
  'gl-explain-start': { readonly part: ExplainPart }
  /** Progress is counted in training examples, or in steps of the attribution. */
  'gl-explain-progress': Progress & { readonly part: ExplainPart }
  'gl-explain-done': {
    readonly part: ExplainPart
    /** The explanation's meta and data; null if only the model was asked. */
    readonly explanation: GivenExplanation | null
    readonly durationMs: number
  }
  'gl-explain-cancel': { readonly part: ExplainPart }
  'gl-explain-error': { readonly part: ExplainPart; readonly error: unknown }
}

/** An event of an explainer element. It bubbles and crosses shadow roots. */
export function createExplainEvent<Name extends keyof ExplainEvents>(
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
