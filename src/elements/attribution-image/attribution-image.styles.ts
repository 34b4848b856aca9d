import { css, type CSSResult } from 'lit'

export const attributionImageStyles: CSSResult = css`
  :host {
    --_picture-size: var(--gl-picture-size, 252px);
  }

  .area {
    --_panel: calc(var(--_picture-size) * min(1, var(--_aspect, 1)));
    display: grid;
    gap: 12px 16px;
    grid-template-columns: minmax(0, var(--_panel));
  }

  .area[data-panels='2'] {
    grid-template-columns: repeat(2, minmax(0, var(--_panel)));
  }

  .panel {
    aspect-ratio: var(--_aspect, 1);
    grid-row: 1;
    outline: 1px solid var(--_rule);
    position: relative;
  }

  .panel[tabindex] {
    cursor: crosshair;
  }

  .panel:focus-visible {
    outline: 2px solid var(--_accent);
    outline-offset: 2px;
  }

  .panel canvas {
    block-size: 100%;
    forced-color-adjust: none;
    inline-size: 100%;
    inset: 0;
    position: absolute;
  }

  canvas[data-pixelated] {
    image-rendering: pixelated;
  }

  .cursor {
    box-shadow:
      0 0 0 1px var(--_paper),
      0 0 0 3px var(--_accent);
    pointer-events: none;
    position: absolute;
  }

  .color-bar {
    grid-column: -2 / -1;
  }

  .readout {
    color: var(--_ink-quiet);
    font-size: var(--_size-small);
    line-height: 16px;
    min-block-size: 32px;
  }

  [data-panels='2'] > .readout {
    grid-area: 2 / 1;
  }

  .readout output {
    display: block;
  }

  .readout strong {
    color: var(--_ink);
    font-weight: 600;
  }

  .controls {
    display: flex;
    flex-wrap: wrap;
    gap: 8px 16px;
  }

  .controls label {
    color: var(--_ink-quiet);
    display: grid;
    font-size: var(--_size-small);
    gap: 4px;
    line-height: 20px;
  }

  .controls select {
    background: var(--_paper);
    block-size: 36px;
    border: 1px solid var(--_rule-strong);
    border-radius: var(--_radius);
    color: var(--_ink);
    font-size: var(--_size-body);
    padding: 0 8px;
  }

  .controls select:hover {
    border-color: var(--_ink);
  }

  .nothing {
    align-content: center;
    aspect-ratio: 1;
    inline-size: min(100%, var(--_picture-size));
    outline: 1px solid var(--_rule);
    padding: 16px;
    text-align: center;
  }

  @media (pointer: coarse) {
    .controls select {
      block-size: 44px;
    }
  }
`
