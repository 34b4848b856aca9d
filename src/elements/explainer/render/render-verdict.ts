import { html, nothing, type TemplateResult } from 'lit'

/** The sentence on top: what the model says. */
export function renderVerdict(
  verdict: string,
  {
    hasAnswer,
    isStale,
    hasStart,
  }: {
    readonly hasAnswer: boolean
    /** Whether the sentence is about an earlier example. */
    readonly isStale: boolean
    /** Whether the page shows something until there is an answer. */
    readonly hasStart: boolean
  },
): TemplateResult {
  return html`<div class="top" ?data-start=${hasStart}>
    <p class="verdict" part="verdict" aria-live="polite" ?data-stale=${isStale}>${verdict}</p>
    ${hasAnswer ? nothing : html`<slot name="start"></slot>`}
  </div>`
}
