import { css, type CSSResult } from 'lit'

/** Cards of images, five in a row if there is room; and texts, one below the other. */
export const exampleStyles: CSSResult = css`
  .pictures {
    display: grid;
    gap: 16px 24px;
    grid-template-columns: repeat(5, minmax(0, 1fr));
  }

  .card {
    background: none;
    block-size: 100%;
    border: 0;
    border-radius: var(--_radius);
    display: grid;
    inline-size: 100%;
    padding: 0;
    text-align: start;
  }

  .pictures .card {
    gap: 8px 12px;
    grid-template-areas: 'picture facts' 'score score';
    grid-template-columns: 86px minmax(0, 1fr);
    grid-template-rows: minmax(86px, 1fr) auto;
  }

  button.card {
    cursor: pointer;
  }

  button.card:hover {
    background: var(--_wash);
    box-shadow: 0 0 0 6px var(--_wash);
  }

  button.card[aria-pressed='true'] {
    background: var(--_accent-wash);
    box-shadow: 0 0 0 6px var(--_accent-wash);
  }

  button.card:focus-visible {
    outline-offset: 6px;
  }

  .picture-place {
    block-size: 86px;
    display: block;
    grid-area: picture;
    inline-size: 86px;
  }

  .picture-place:empty {
    border: 1px solid var(--_rule);
  }

  .picture {
    block-size: 100%;
    border: 1px solid var(--_rule);
    display: block;
    forced-color-adjust: none;
    image-rendering: pixelated;
    inline-size: 100%;
    object-fit: contain;
  }

  img.picture {
    image-rendering: auto;
  }

  .series polyline {
    fill: none;
    stroke: var(--_ink);
    stroke-width: 1.5px;
    vector-effect: non-scaling-stroke;
  }

  .facts {
    align-items: start;
    display: flex;
    flex-direction: column;
    grid-area: facts;
    line-height: 20px;
    min-inline-size: 0;
  }

  .label,
  .name {
    font-weight: 700;
    overflow-wrap: anywhere;
  }

  .says {
    font-size: var(--_size-small);
    line-height: 20px;
    overflow-wrap: anywhere;
  }

  .says.differs {
    border: 1px solid var(--_rule-strong);
    border-radius: var(--_radius);
    padding-inline: 4px;
  }

  .number {
    color: var(--_ink-quiet);
    font-size: var(--_size-small);
  }

  .score-place {
    align-items: center;
    display: grid;
    gap: 4px 12px;
    grid-area: score;
    grid-template-rows: 10px 20px;
  }

  .score-place.no-bar {
    display: block;
  }

  .texts {
    border-block-start: 1px solid var(--_rule);
  }

  .texts > li {
    border-block-end: 1px solid var(--_rule);
  }

  .texts .card {
    align-items: start;
    gap: 4px 24px;
    grid-template-areas: 'text facts score';
    grid-template-columns: minmax(0, 1fr) 148px minmax(140px, 26%);
    padding: 12px 4px;
  }

  .texts button.card:hover,
  .texts button.card[aria-pressed='true'] {
    box-shadow: none;
  }

  .texts button.card:focus-visible {
    outline-offset: -2px;
  }

  /* A selected text is shown in full. */
  .text {
    display: -webkit-box;
    grid-area: text;
    max-inline-size: 60em;
    overflow: hidden;
    overflow-wrap: anywhere;
    -webkit-box-orient: vertical;
    -webkit-line-clamp: 4;
    white-space: pre-line;
  }

  [aria-pressed='true'] .text {
    -webkit-line-clamp: none;
  }

  .texts .score-place {
    grid-template-columns: minmax(0, 1fr) 8ch;
    grid-template-rows: 24px;
  }

  .texts :is(.score, .no-bar) {
    text-align: end;
  }

  @container (inline-size < 1000px) {
    .pictures {
      gap: 16px;
    }

    .pictures .card {
      grid-template-areas: 'picture' 'facts' 'score';
      grid-template-columns: minmax(0, 1fr);
      grid-template-rows: 86px minmax(64px, 1fr) auto;
    }

    /* Without predictions, a card has a label and a number at most. */
    .pictures.brief .card {
      grid-template-rows: 86px minmax(40px, 1fr) auto;
    }
  }

  @container (inline-size < 600px) {
    .pictures {
      grid-template-columns: minmax(0, 1fr);
    }

    .pictures .card,
    .pictures.brief .card {
      gap: 0 12px;
      grid-template-areas: 'picture facts' 'picture score';
      grid-template-columns: 58px minmax(0, 1fr);
      grid-template-rows: auto minmax(24px, auto);
    }

    .picture-place {
      block-size: 58px;
      inline-size: 58px;
    }

    .facts {
      align-items: baseline;
      align-self: end;
      flex-flow: row wrap;
      gap: 0 8px;
    }

    /* Names differ in length, and what the model says begins below all of them. */
    .pictures .name ~ .says {
      flex-basis: 100%;
    }

    .pictures .score-place {
      grid-template-columns: minmax(0, 1fr) 8ch;
      grid-template-rows: 24px;
    }

    .pictures .score {
      text-align: end;
    }

    .texts .card {
      grid-template-areas: 'text' 'facts' 'score';
      grid-template-columns: minmax(0, 1fr);
    }
  }

  /* Next to another column on a phone. */
  @container (inline-size < 240px) {
    .pictures .card {
      grid-template-areas: 'picture facts' 'score score';
      grid-template-columns: 48px minmax(0, 1fr);
      grid-template-rows: minmax(54px, auto) 20px;
    }

    .picture-place {
      block-size: 48px;
      inline-size: 48px;
    }

    .facts {
      align-self: start;
      gap: 0 8px;
      line-height: 18px;
    }

    .pictures .score-place {
      gap: 8px;
      grid-template-columns: minmax(0, 1fr) auto;
      grid-template-rows: 20px;
    }
  }
`
