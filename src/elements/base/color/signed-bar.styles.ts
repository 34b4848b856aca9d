import { css, type CSSResult } from 'lit'

export const signedBarStyles: CSSResult = css`
  .track {
    background: var(--_wash);
    block-size: 10px;
    display: block;
    forced-color-adjust: none;
    opacity: var(--_strength);
    position: relative;
    transition: opacity var(--_motion) linear;
  }

  .bar {
    background: var(--_for);
    block-size: 100%;
    inset-block-start: 0;
    position: absolute;
    transition:
      inline-size var(--_motion) ease-out,
      inset-inline-start var(--_motion) ease-out;
  }

  .bar.against {
    background: var(--_against);
  }

  .zero {
    background: var(--_ink);
    block-size: calc(100% + 6px);
    inline-size: 1px;
    inset-block-start: -3px;
    position: absolute;
  }
`
