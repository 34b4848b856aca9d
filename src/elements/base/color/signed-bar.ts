import { html, nothing, type TemplateResult } from 'lit'
import { placeOnScale, type SignedScale } from './signed-scale.js'

/** A bar that grows from a marked zero, to the right or (negative) to the left. */
export function renderSignedBar(value: number | undefined, scale: SignedScale): TemplateResult {
  const { zero, start, end } = placeOnScale(value ?? 0, scale)
  const isShown = value !== undefined && Number.isFinite(value)
  // Set as properties, which a strict content security policy lets pass; it refuses style attributes.
  const place = `inset-inline-start: ${percent(start)}; inline-size: ${percent(end - start)}`
  return html`
    <span class="track" aria-hidden="true"
      >${
        isShown
          ? html`<span
              class=${value < 0 ? 'bar against' : 'bar'}
              part="bar"
              .style=${place}
            ></span>`
          : nothing
      }<span class="zero" .style=${`inset-inline-start: ${percent(zero)}`}></span
    ></span>
  `
}

const percent = (share: number): string => `${Math.round(share * 1e4) / 100}%`
