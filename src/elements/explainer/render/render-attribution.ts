import { html, type TemplateResult } from 'lit'
import type { GivenExplanation } from '../../base/explanation-source.js'
import type { ExplainerProperties } from '../explainer-properties.js'

/** The attribution in the element for its kind of data. */
export function renderAttribution(
  {
    kind,
    labels,
    image,
    mapLayout,
    channels,
    ink,
    tokens,
    features,
    times,
    values,
  }: ExplainerProperties,
  {
    explanation,
    loading,
    hasExample,
  }: {
    readonly explanation: GivenExplanation | null
    readonly loading: boolean
    /** Whether the page shows the example, so that the map need not show it again. */
    readonly hasExample: boolean
  },
): TemplateResult {
  switch (kind) {
    case 'image':
      return html`<gl-attribution-image
        .explanation=${explanation}
        .loading=${loading}
        .labels=${labels}
        .image=${image}
        .channels=${channels}
        .ink=${ink}
        .layout=${mapLayout ?? (hasExample ? 'map' : 'side-by-side')}
        controls
      ></gl-attribution-image>`
    case 'text':
      return html`<gl-attribution-text
        .explanation=${explanation}
        .loading=${loading}
        .labels=${labels}
        .tokens=${tokens}
      ></gl-attribution-text>`
    case 'series':
      return html`<gl-attribution-series
        .explanation=${explanation}
        .loading=${loading}
        .labels=${labels}
        .features=${features}
        .times=${times}
        .channels=${channels}
      ></gl-attribution-series>`
    case 'tabular':
      return html`<gl-attribution-bars
        .explanation=${explanation}
        .loading=${loading}
        .labels=${labels}
        .features=${features}
        .values=${values}
      ></gl-attribution-bars>`
  }
}
