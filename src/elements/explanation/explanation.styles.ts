import { css, type CSSResult } from 'lit'

export const explanationStyles: CSSResult = css`
  .parts {
    display: grid;
    gap: 32px;
    grid-template-columns: minmax(0, 1fr);
  }

  .title {
    color: var(--_ink-quiet);
    font-size: var(--_size-small);
    font-weight: 600;
    margin-block-end: 8px;
  }
`
