import { css, type CSSResult } from 'lit'

export const probabilitiesStyles: CSSResult = css`
  .rows {
    column-gap: 12px;
    display: grid;
    grid-template-columns: fit-content(45%) minmax(32px, 1fr) auto;
  }

  .rows > li,
  .row {
    align-items: center;
    display: grid;
    grid-column: 1 / -1;
    grid-template-columns: subgrid;
  }

  .row {
    background: none;
    border: 0;
    min-block-size: 28px;
    padding: 2px 0;
    text-align: start;
  }

  /* Room for a note below the bar, so that nothing moves when another class is selected. */
  .rows[data-notes] .row {
    min-block-size: 36px;
  }

  .label {
    line-height: 20px;
    overflow-wrap: anywhere;
  }

  .measure {
    min-inline-size: 0;
  }

  .track {
    block-size: 14px;
    display: block;
    border-inline-start: 1px solid var(--_rule-strong);
    opacity: var(--_strength);
    transition: opacity var(--_motion) linear;
  }

  .bar {
    background: var(--_accent);
    block-size: 100%;
    display: block;
    forced-color-adjust: none;
    transform-origin: left;
    transition: transform var(--_motion) ease-out;
  }

  .percent {
    min-inline-size: 7ch;
    text-align: end;
  }

  .note {
    color: var(--_ink-quiet);
    display: block;
    font-size: var(--_size-small);
    line-height: 16px;
    white-space: nowrap;
  }

  .row[data-predicted] .label,
  .row[data-predicted] .percent {
    font-weight: 700;
  }

  button.row {
    cursor: pointer;
  }

  /* Wider than the row, so that its text stays aligned with its surroundings. */
  button.row:hover {
    background: var(--_wash);
    box-shadow:
      -8px 0 0 var(--_wash),
      8px 0 0 var(--_wash);
  }

  button.row[aria-pressed='true'] {
    background: var(--_accent-wash);
    box-shadow:
      -8px 0 0 var(--_accent-wash),
      8px 0 0 var(--_accent-wash);
  }

  button.row[aria-pressed='true'] .note {
    color: var(--_accent);
  }

  @media (pointer: coarse) {
    button.row {
      min-block-size: 36px;
    }
  }
`
