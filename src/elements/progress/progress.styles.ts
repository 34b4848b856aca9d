import { css, type CSSResult } from 'lit'

export const progressStyles: CSSResult = css`
  /* A page may set another height on the element. */
  :host {
    background: none;
    container-type: inline-size;
    min-block-size: 52px;
  }

  .progress {
    background: none;
    align-items: center;
    display: flex;
    gap: 8px 12px;
    min-block-size: inherit;
  }

  @container (inline-size < 300px) {
    .progress {
      flex-wrap: wrap;
    }
  }

  .running {
    background: var(--_paper);
    display: grid;
    flex: 1 1 180px;
    gap: 4px;
    max-inline-size: 600px;
    min-inline-size: 0;
  }

  .message:not(:empty) {
    background: var(--_paper);
  }

  .message {
    color: var(--_ink-quiet);
    font-size: var(--_size-small);
    line-height: 20px;
    min-inline-size: 0;
    overflow-wrap: anywhere;
  }

  .message.failure {
    border-inline-start: 3px solid var(--_alarm);
    color: var(--_alarm);
    font-size: inherit;
    flex: 1 1 180px;
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

  @media (pointer: coarse) {
    .control {
      block-size: 44px;
    }
  }
`
