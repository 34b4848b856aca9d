import { css, type CSSResult } from 'lit'

export const colorBarStyles: CSSResult = css`
  .color-bar {
    align-content: start;
    display: grid;
    font-size: var(--_size-small);
    gap: 4px;
    line-height: 16px;
  }

  .color-bar canvas {
    block-size: 12px;
    forced-color-adjust: none;
    inline-size: 100%;
    outline: 1px solid var(--_rule);
  }

  .ticks {
    color: var(--_ink-quiet);
    display: flex;
    gap: 8px;
    justify-content: space-between;
    min-block-size: 32px;
  }

  .ticks li {
    flex: 1 1 0;
    min-inline-size: 0;
    overflow-wrap: anywhere;
  }

  .ticks li:not(:first-child) {
    text-align: center;
  }

  .ticks li:last-child {
    text-align: end;
  }

  .ticks li[data-zero] {
    flex: 0 0 auto;
  }

  .tick-value {
    display: block;
  }
`
