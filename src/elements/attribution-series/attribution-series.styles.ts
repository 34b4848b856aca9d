import { css, type CSSResult } from 'lit'

export const attributionSeriesStyles: CSSResult = css`
  .series {
    display: grid;
    gap: 12px;
    position: relative;
  }

  .rows {
    display: grid;
    gap: 8px 12px;
    grid-template-columns: minmax(0, max-content) minmax(96px, 1fr);
  }

  .rows > li {
    align-items: center;
    display: grid;
    grid-column: 1 / -1;
    grid-template-columns: subgrid;
  }

  .name {
    line-height: 20px;
    max-inline-size: 12em;
    min-inline-size: 0;
    overflow-wrap: anywhere;
  }

  .strip {
    block-size: 40px;
    cursor: crosshair;
    outline: 1px solid var(--_rule);
    position: relative;
  }

  .strip > * {
    block-size: 100%;
    inline-size: 100%;
    inset: 0;
    position: absolute;
  }

  .strip canvas {
    forced-color-adjust: none;
  }

  .strip canvas[data-pixelated] {
    image-rendering: pixelated;
  }

  /* A halo of paper keeps the line visible on the strongest colours. */
  polyline {
    fill: none;
    stroke: var(--_ink);
    stroke-linejoin: round;
    stroke-width: 1.5px;
    vector-effect: non-scaling-stroke;
  }

  polyline.halo {
    stroke: var(--_paper);
    stroke-width: 4px;
  }

  .strip > .cursor {
    box-shadow:
      0 0 0 1px var(--_paper),
      0 0 0 3px var(--_accent);
    pointer-events: none;
  }

  .legend {
    align-items: start;
    display: grid;
    gap: 8px 24px;
    grid-template-columns: repeat(auto-fit, minmax(min(100%, 200px), 252px));
  }

  .readout {
    color: var(--_ink-quiet);
    font-size: var(--_size-small);
    line-height: 16px;
    min-block-size: 48px;
    min-inline-size: 0;
    overflow-wrap: anywhere;
  }

  .readout strong {
    color: var(--_ink);
    font-weight: 600;
  }
`
