import { html, nothing, type TemplateResult } from 'lit'
import { styleMap } from 'lit/directives/style-map.js'
import { placeOnScale, type SignedScale } from './signed-scale.js'

/** A bar that grows from a marked zero, to the right or (negative) to the left. */
export function renderSignedBar(value: number | undefined, scale: SignedScale): TemplateResult {
  const { zero, start, end } = placeOnScale(value ?? 0, scale)
  const isShown = value !== undefined && Number.isFinite(value)
  const place = { 'inset-inline-start': percent(start), 'inline-size': percent(end - start) }
  return html`
    <span class="track" aria-hidden="true"
      >${
        isShown
          ? html`<span
              class=${value < 0 ? 'bar against' : 'bar'}
              part="bar"
              style=${styleMap(place)}
            ></span>`
          : nothing
      }<span class="zero" style=${styleMap({ 'inset-inline-start': percent(zero) })}></span
    ></span>
  `
}

const percent = (share: number): string => `${String(Math.round(share * 1e4) / 100)}%`
