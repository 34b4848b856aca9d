import { css, type CSSResult } from 'lit'

export const explainerStyles: CSSResult = css`
  .explainer {
    container-type: inline-size;
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

  /* Beside a title, where there is room. */
  .head {
    align-items: start;
    column-gap: 24px;
    display: grid;
    grid-template-columns: auto minmax(0, 1fr);
    margin-block-end: 8px;
  }

  .head .job {
    margin-block-start: -6px;
    min-block-size: 40px;
  }

  .head .running {
    justify-self: end;
  }

  .value {
    font-size: var(--gl-size-lead, 1.125rem);
    min-block-size: 28px;
    overflow-wrap: anywhere;
  }

  /* Where a job reports; its place is kept free. */
  .job {
    align-items: center;
    display: flex;
    gap: 8px 12px;
    margin-block-start: 8px;
    min-block-size: 52px;
  }

  .running {
    align-items: center;
    display: grid;
    flex: 1;
    gap: 4px 12px;
    grid-template-columns: minmax(0, 1fr) auto;
    max-inline-size: 600px;
  }

  .running .control {
    grid-area: 1 / 2 / 3;
  }

  .job-text {
    color: var(--_ink-quiet);
    font-size: var(--_size-small);
    line-height: 20px;
    min-inline-size: 0;
    overflow-wrap: anywhere;
  }

  .job-text.failure {
    border-inline-start: 3px solid var(--_alarm);
    color: var(--_alarm);
    font-size: inherit;
    max-inline-size: 60em;
    padding-inline-start: 12px;
  }

  .control {
    background: var(--_paper);
    block-size: 36px;
    border: 1px solid var(--_rule-strong);
    border-radius: var(--_radius);
    color: var(--_ink);
    cursor: pointer;
    flex: none;
    padding: 0 12px;
    white-space: nowrap;
  }

  .control:hover {
    border-color: var(--_ink);
  }

  progress {
    appearance: none;
    background: var(--_wash);
    block-size: 8px;
    border: 1px solid var(--_rule-strong);
    border-radius: var(--_radius);
    inline-size: 100%;
    overflow: hidden;
  }

  progress::-webkit-progress-bar {
    background: var(--_wash);
  }

  progress::-webkit-progress-value {
    background: var(--_accent);
  }

  progress::-moz-progress-bar {
    background: var(--_accent);
  }

  .machine {
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

    .head .job {
      margin-block-start: 0;
      min-block-size: 52px;
    }
  }

  @media (pointer: coarse) {
    .control {
      block-size: 44px;
    }
  }
`
