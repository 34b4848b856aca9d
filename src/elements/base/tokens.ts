import { css, type CSSResult } from 'lit'

/**
 * The design tokens of all elements. A page overrides a token by setting its public name, for
 * example `--gl-ink`, on the element or an ancestor. The theme is the inherited `color-scheme`,
 * unless `theme="dark"` or `"light"` is set.
 */
export const tokens: CSSResult = css`
  :host {
    --_font: var(
      --gl-font,
      system-ui,
      -apple-system,
      'Segoe UI',
      Roboto,
      'Noto Sans',
      'Liberation Sans',
      sans-serif
    );
    --_size-small: var(--gl-size-small, 0.8125rem);
    --_size-body: var(--gl-size-body, 0.9375rem);
    --_radius: var(--gl-radius, 4px);
    --_motion: var(--gl-motion, 150ms);

    --_paper: var(--gl-paper, light-dark(#ffffff, #131317));
    --_ink: var(--gl-ink, light-dark(#17171c, #ececf1));
    --_ink-quiet: var(--gl-ink-quiet, light-dark(#47474f, #b6b6c1));
    --_rule: var(--gl-rule, light-dark(#dcdce2, #2f2f38));
    --_rule-strong: var(--gl-rule-strong, light-dark(#85858f, #787885));
    --_wash: var(--gl-wash, light-dark(#f3f3f6, #1d1d23));
    --_accent: var(--gl-accent, light-dark(#005a5c, #74d4d0));
    --_accent-wash: var(--gl-accent-wash, light-dark(#eaf6f5, #122e2e));
    --_for: var(--gl-for, light-dark(#542788, #b9a6f5));
    --_against: var(--gl-against, light-dark(#b35806, #f0a24a));
    --_for-tint: var(--gl-for-tint, light-dark(#b2abd2, #44357e));
    --_against-tint: var(--gl-against-tint, light-dark(#fdb863, #5e3408));
    --_alarm: var(--gl-alarm, light-dark(#8a1c1c, #ffb1a8));
  }

  :host([palette='RdBu']) {
    --_for: var(--gl-for, light-dark(#10467e, #9cccff));
    --_against: var(--gl-against, light-dark(#a01530, #ffa491));
    --_for-tint: var(--gl-for-tint, light-dark(#92c5de, #1c4a7c));
    --_against-tint: var(--gl-against-tint, light-dark(#f4a582, #712a22));
  }

  :host([theme='light']) {
    color-scheme: light !important;
  }

  :host([theme='dark']) {
    color-scheme: dark !important;
  }

  @media (prefers-reduced-motion: reduce) {
    :host {
      --_motion: 0ms;
    }
  }
`
