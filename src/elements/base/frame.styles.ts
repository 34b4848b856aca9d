import { css, type CSSResult } from 'lit'

/** The styles that all elements share: text, the caption, the states, the save menu. */
export const frameStyles: CSSResult = css`
  :host {
    background: var(--_paper);
    display: block;
  }

  /* A page's rules for the host, such as '.prose *', win over ':host', and the content would inherit
     them. Everything is reset here, except what a page sets to be inherited. */
  .root {
    all: initial;
    color-scheme: inherit;
    cursor: inherit;
    pointer-events: inherit;
    visibility: inherit;

    box-sizing: border-box;
    display: grid;
    gap: 12px;
    grid-template-columns: minmax(0, 1fr);
    position: relative;

    background: var(--_paper);
    color: var(--_ink);
    font: var(--_size-body) / 1.5 var(--_font);
    font-variant-numeric: tabular-nums;
  }

  :host([hidden]),
  [hidden] {
    display: none !important;
  }

  *,
  *::before,
  *::after {
    box-sizing: border-box;
  }

  figure,
  ol,
  p {
    margin: 0;
    padding: 0;
  }

  ol {
    list-style: none;
  }

  /* The content and the error share one place, so that neither moves what is below. */
  .place {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
  }

  .place > * {
    grid-area: 1 / 1;
    min-width: 0;
  }

  .content {
    --_strength: 1;
  }

  .picture {
    opacity: var(--_strength);
    transition: opacity var(--_motion) linear;
  }

  /* Dimming starts after 100 ms, so quick results never flicker. Text turns quiet instead, to
     keep its contrast. */
  :host(:state(loading)) .content {
    --_strength: 0.35;
    color: var(--_ink-quiet);
  }

  :host(:state(loading)) .picture {
    transition-delay: 100ms;
  }

  :host(:state(error)) .content {
    visibility: hidden;
  }

  .notice {
    align-self: center;
    color: var(--_ink-quiet);
    max-width: 44em;
  }

  .error {
    align-self: start;
    border-inline-start: 3px solid var(--_alarm);
    color: var(--_alarm);
    max-width: 60em;
    overflow-wrap: anywhere;
    padding-inline-start: 12px;
  }

  .foot {
    align-items: start;
    display: flex;
    gap: 16px;
  }

  figcaption {
    flex: 0 1 auto;
    max-width: 44em;
    /* Room for two lines, so that a longer sentence moves nothing. */
    min-height: 3em;
    min-width: 0;
    overflow-wrap: anywhere;
  }

  :host(:state(loading)) figcaption,
  :host(:state(empty)) figcaption {
    color: var(--_ink-quiet);
  }

  :host(:state(error)) figcaption {
    visibility: hidden;
  }

  button,
  summary,
  select {
    color: inherit;
    font: inherit;
    font-variant-numeric: inherit;
  }

  :focus {
    outline: none;
  }

  :focus-visible {
    outline: 2px solid var(--_accent);
    outline-offset: 2px;
  }

  .fold > summary {
    color: var(--_ink-quiet);
    cursor: pointer;
    inline-size: fit-content;
    line-height: 24px;
  }

  .fold > summary:hover {
    color: var(--_ink);
  }

  .fold[open] > summary {
    margin-block-end: 12px;
  }

  .visually-hidden {
    block-size: 1px;
    clip-path: inset(50%);
    inline-size: 1px;
    overflow: hidden;
    position: absolute;
    white-space: nowrap;
  }

  .save {
    color: var(--_ink-quiet);
    flex: none;
    font-size: var(--_size-small);
    position: relative;
  }

  .save summary {
    border-radius: var(--_radius);
    cursor: pointer;
    line-height: 24px;
    list-style: none;
    padding: 0;
    text-decoration: underline;
    text-decoration-color: var(--_rule-strong);
    text-underline-offset: 3px;
  }

  .save summary::-webkit-details-marker {
    display: none;
  }

  .save summary:hover {
    color: var(--_ink);
    text-decoration-color: currentcolor;
  }

  .save-choices {
    background: var(--_paper);
    border: 1px solid var(--_rule-strong);
    border-radius: var(--_radius);
    display: grid;
    inset-block-start: 100%;
    inset-inline-end: 0;
    position: absolute;
    z-index: 1;
  }

  .save-choices button {
    background: none;
    border: 0;
    border-radius: calc(var(--_radius) - 1px);
    cursor: pointer;
    min-block-size: 32px;
    padding: 0 16px;
    text-align: start;
  }

  .save-note {
    color: var(--_alarm);
    font-size: var(--_size-small);
  }

  .version-note {
    color: var(--_ink-quiet);
    font-size: var(--_size-small);
  }

  .save-choices button:hover {
    background: var(--_wash);
    color: var(--_ink);
  }

  /* Canvases and saved pictures read the theme's colours from this element. */
  .theme-probe {
    background-color: var(--_paper);
    border: 0 solid;
    border-color: var(--_rule) var(--_rule-strong) var(--_wash) var(--_accent);
    caret-color: var(--_for-tint);
    color: var(--_ink);
    column-rule-color: var(--_against);
    outline-color: var(--_for);
    position: absolute;
    text-decoration-color: var(--_ink-quiet);
    text-emphasis-color: var(--_against-tint);
    visibility: hidden;
  }

  /* A change of the theme starts a transition, whose end fires an event. */
  .theme-probe::before {
    background-color: inherit;
    column-rule-color: inherit;
    content: '';
    outline-color: inherit;
    position: absolute;
    transition:
      color 1ms,
      background-color 1ms,
      outline-color 1ms,
      column-rule-color 1ms;
  }

  @media (pointer: coarse) {
    .save summary,
    .save-choices button {
      min-block-size: 44px;
      line-height: 44px;
    }
  }
`
