import { css, type CSSResult } from 'lit'

export const explainerStyles: CSSResult = css`
  .explainer {
    container-type: inline-size;
    display: block;
  }

  .parts {
    align-items: start;
    column-gap: 48px;
    display: grid;
    grid-template-columns: minmax(0, 1fr) minmax(0, 1.3fr);
  }

  section {
    border-block-start: 1px solid var(--_rule);
    min-inline-size: 0;
    padding-block: 16px 24px;
  }

  section.wide {
    grid-column: 1 / -1;
  }

  .title {
    font-size: var(--gl-size-lead, 1.125rem);
    font-weight: 600;
    line-height: 24px;
    margin-block-end: 12px;
  }

  /* A title with its progress to the right, if there is room. */
  .head {
    align-items: start;
    column-gap: 24px;
    display: grid;
    grid-template-columns: auto minmax(0, 1fr);
    margin-block-end: 8px;
  }

  gl-progress {
    margin-block-start: 8px;
  }

  .head gl-progress {
    margin-block-start: -6px;
    min-block-size: 40px;
  }

  .value {
    font-size: var(--gl-size-lead, 1.125rem);
    min-block-size: 28px;
    overflow-wrap: anywhere;
  }

  .run-report {
    border-block-start: 1px solid var(--_rule);
    color: var(--_ink-quiet);
    font-size: var(--_size-small);
    line-height: 20px;
    min-block-size: 32px;
    overflow-wrap: anywhere;
    padding-block-start: 12px;
  }

  @container (inline-size < 880px) {
    .parts,
    .head {
      grid-template-columns: minmax(0, 1fr);
    }

    .head gl-progress {
      margin-block-start: 0;
      min-block-size: 52px;
    }
  }
`
