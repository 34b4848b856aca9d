import { css, type CSSResult } from 'lit'

export const attributionBarsStyles: CSSResult = css`
  .rows {
    column-gap: 12px;
    display: grid;
    grid-template-columns: minmax(0, max-content) minmax(96px, 1fr) auto;
  }

  .rows > li {
    align-items: center;
    display: grid;
    grid-column: 1 / -1;
    grid-template-columns: subgrid;
    min-block-size: 28px;
  }

  .name {
    display: flex;
    flex-wrap: wrap;
    gap: 0 8px;
    line-height: 20px;
    max-inline-size: 16em;
    min-inline-size: 0;
    overflow-wrap: anywhere;
    padding-block: 2px;
  }

  .name > * {
    min-inline-size: 0;
  }

  .value {
    color: var(--_ink-quiet);
  }

  .number {
    text-align: end;
  }

  .legend {
    color: var(--_ink-quiet);
    display: flex;
    flex-wrap: wrap;
    font-size: var(--_size-small);
    gap: 0 16px;
    line-height: 20px;
    margin-block-end: 4px;
  }

  .legend span::before {
    background: var(--_for);
    block-size: 10px;
    content: '';
    display: inline-block;
    forced-color-adjust: none;
    inline-size: 16px;
    margin-inline-end: 8px;
    opacity: var(--_strength);
  }

  .legend .against::before {
    background: var(--_against);
  }
`
