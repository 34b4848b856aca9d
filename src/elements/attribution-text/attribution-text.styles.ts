import { css, type CSSResult } from 'lit'

export const attributionTextStyles: CSSResult = css`
  .text {
    border-radius: var(--_radius);
    font-size: var(--gl-text-size, 1.125rem);
    line-height: 2;
    /* The words, not their backgrounds, are aligned with their surroundings. */
    margin-inline-start: -3px;
    max-width: 44em;
    overflow-wrap: anywhere;
    padding-inline-end: 6px;
  }

  .token {
    --_color: var(--_for);
    --_tint: var(--_for-tint);
    background: color-mix(
      in srgb,
      var(--_tint) calc(var(--_share, 0) * var(--_strength) * 100%),
      var(--_paper)
    );
    border-block-end: 3px solid
      color-mix(
        in srgb,
        var(--_color) calc(var(--_share, 0) * var(--_strength) * 100%),
        var(--_paper)
      );
    border-radius: 2px 2px 0 0;
    box-decoration-break: clone;
    cursor: default;
    forced-color-adjust: none;
    padding: 2px 3px 1px;
    white-space: pre-wrap;
    -webkit-box-decoration-break: clone;
  }

  .token.against {
    --_color: var(--_against);
    --_tint: var(--_against-tint);
    border-block-end-style: dashed;
  }

  .token:hover {
    outline: 1px solid var(--_rule-strong);
  }

  .token:focus-visible {
    outline: 2px solid var(--_accent);
    outline-offset: 1px;
  }

  /* The value next to the word. The readout below the text repeats it. */
  .token[aria-selected='true'] {
    position: relative;
  }

  .token[aria-selected='true']::after {
    background: var(--_paper);
    border: 1px solid var(--_rule-strong);
    border-radius: var(--_radius);
    color: var(--_ink);
    content: attr(data-value) / '';
    font-size: var(--_size-small);
    inset-block-start: calc(100% + 2px);
    inset-inline-end: 0;
    line-height: 20px;
    padding: 0 4px;
    pointer-events: none;
    position: absolute;
    white-space: nowrap;
    z-index: 1;
  }

  .below {
    align-items: baseline;
    color: var(--_ink-quiet);
    display: flex;
    flex-wrap: wrap;
    font-size: var(--_size-small);
    gap: 4px 16px;
    line-height: 24px;
    margin-block-start: 8px;
  }

  .readout {
    flex: 1 1 16em;
    min-inline-size: 0;
    overflow-wrap: anywhere;
  }

  .readout strong {
    color: var(--_ink);
    font-weight: 600;
  }

  .legend .token {
    --_share: 1;
    color: var(--_ink);
    margin-inline-end: 8px;
  }
`
