import { css, type CSSResult } from 'lit'

export const probabilitiesStyles: CSSResult = css`
  .rows {
    column-gap: 12px;
    display: grid;
    grid-template-columns: fit-content(45%) minmax(48px, 1fr) auto auto;
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
    border-radius: var(--_radius);
    margin-inline: -8px;
    min-block-size: 28px;
    padding: 2px 8px;
    text-align: start;
  }

  .label {
    line-height: 20px;
    overflow-wrap: break-word;
  }

  .track {
    block-size: 14px;
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
    font-size: var(--_size-small);
    min-inline-size: var(--_note-size, 0);
  }

  .row[data-predicted] .label,
  .row[data-predicted] .percent {
    font-weight: 700;
  }

  button.row {
    cursor: pointer;
  }

  button.row:hover {
    background: var(--_wash);
  }

  button.row[aria-pressed='true'] {
    background: var(--_accent-wash);
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
