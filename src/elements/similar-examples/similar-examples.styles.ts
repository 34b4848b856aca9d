import { css, type CSSResult } from 'lit'

/** The two ends of the order, and below them the means of the classes. */
export const similarEndsStyles: CSSResult = css`
  .ends {
    container-type: inline-size;
    display: grid;
    gap: 24px;
    grid-template-columns: minmax(0, 1fr);
  }

  .end-title {
    color: var(--_ink-quiet);
    font-size: var(--_size-small);
    font-weight: 600;
    line-height: 20px;
    margin-block-end: 8px;
  }

  .hint {
    font-weight: 400;
    margin-inline-start: 8px;
  }

  .quiet {
    color: var(--_ink-quiet);
  }

  .suspect {
    border: 1px solid currentcolor;
    border-radius: var(--_radius);
    color: var(--_alarm);
    font-size: var(--_size-small);
    line-height: 18px;
    overflow-wrap: anywhere;
    padding: 0 4px;
  }

  .means {
    column-gap: 12px;
    display: grid;
    grid-template-columns: fit-content(40%) minmax(48px, 1fr) auto;
    max-inline-size: 640px;
  }

  .mean {
    align-items: center;
    display: grid;
    grid-column: 1 / -1;
    grid-template-columns: subgrid;
    min-block-size: 24px;
  }

  .mean-label {
    line-height: 20px;
    overflow-wrap: anywhere;
  }

  .mean[data-predicted] .mean-label,
  .mean[data-predicted] .score {
    font-weight: 700;
  }

  .mean .score {
    min-inline-size: 7ch;
    text-align: end;
  }

  .means-sentence {
    margin-block-start: 8px;
    max-inline-size: 44em;
    overflow-wrap: anywhere;
  }

  .rows {
    overflow-x: auto;
  }

  .rows table {
    border-collapse: collapse;
    inline-size: 100%;
  }

  .rows th,
  .rows td {
    border-block-end: 1px solid var(--_rule);
    block-size: 36px;
    font-weight: 400;
    padding: 4px 12px;
    text-align: end;
    white-space: nowrap;
  }

  .rows thead th {
    color: var(--_ink-quiet);
    font-size: var(--_size-small);
  }

  .rows th:first-child {
    padding-inline-start: 4px;
  }

  .rows .score-column {
    inline-size: 40%;
    min-inline-size: 200px;
    text-align: start;
  }

  /* The columns of words take the width that is left. */
  .rows table:has(.words) :is(th, td):not(.words, .end-title) {
    inline-size: 1px;
  }

  .rows table:has(.words) .score-column {
    min-inline-size: 320px;
  }

  .rows .words {
    text-align: start;
  }

  .rows .end-title {
    color: var(--_ink-quiet);
    font-size: var(--_size-small);
    font-weight: 600;
    padding-block-start: 16px;
    text-align: start;
  }

  .rows .score-place {
    grid-template-columns: minmax(0, 1fr) 8ch;
    grid-template-rows: auto;
  }

  .rows .score {
    text-align: end;
  }

  .rows tr[aria-current] {
    background: var(--_accent-wash);
  }

  .number-button {
    background: none;
    border: 1px solid var(--_rule-strong);
    border-radius: var(--_radius);
    cursor: pointer;
    min-block-size: 28px;
    min-inline-size: 44px;
    padding: 0 8px;
    text-align: end;
  }

  .number-button:hover {
    border-color: var(--_ink);
  }

  /* On a phone, the number, the name and the score are visible without scrolling. */
  @container (inline-size < 600px) {
    .rows th,
    .rows td {
      padding-inline: 8px;
    }

    .rows .words {
      min-inline-size: 8em;
      white-space: normal;
    }

    .rows .score-column,
    .rows table:has(.words) .score-column {
      inline-size: 120px;
      min-inline-size: 120px;
    }

    .rows .score-place {
      gap: 0 8px;
      grid-template-columns: minmax(0, 1fr) auto;
    }
  }

  @media (pointer: coarse) {
    .number-button {
      min-block-size: 44px;
    }
  }
`
