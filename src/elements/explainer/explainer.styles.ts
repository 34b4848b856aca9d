import { css, type CSSResult } from 'lit'

/**
 * The areas of the parts: one below the other in a column; the example and its map next to each other
 * on a phone; and everything next to each other where pictures fit.
 */
export const explainerStyles: CSSResult = css`
  .explainer {
    container-type: inline-size;
    display: block;
  }

  .top {
    margin-block-end: 16px;
    min-block-size: 28px;
  }

  /* Room for a button, so that the sentence that replaces it moves nothing. */
  .top[data-start] {
    min-block-size: 44px;
  }

  .verdict {
    font-size: var(--gl-size-lead, 1.125rem);
    line-height: 28px;
    overflow-wrap: anywhere;
  }

  .verdict[data-stale] {
    color: var(--_ink-quiet);
  }

  .parts {
    align-items: start;
    column-gap: 40px;
    display: grid;
    grid-template-columns: minmax(0, 1fr) minmax(0, 1.3fr);
  }

  section {
    border-block-start: 1px solid var(--_rule);
    min-inline-size: 0;
    padding-block: 12px 24px;
  }

  .answer {
    grid-area: answer;
  }

  .attribution {
    grid-area: attribution;
  }

  .example {
    grid-area: example;
  }

  .similarity {
    grid-area: similarity;
  }

  .parts {
    grid-template-areas: 'answer attribution' 'similarity similarity';
  }

  .parts[data-parts~='example'] {
    grid-template-areas: 'example answer attribution' 'similarity similarity similarity';
    grid-template-columns: minmax(0, 1fr) minmax(0, 1fr) minmax(0, 1.2fr);
  }

  .parts[data-parts~='example']:not([data-parts~='answer']) {
    grid-template-areas: 'example attribution' 'similarity similarity';
    grid-template-columns: minmax(0, 1fr) minmax(0, 1.6fr);
  }

  .parts:not([data-parts~='example'], [data-parts~='answer']) {
    grid-template-areas: 'attribution' 'similarity';
    grid-template-columns: minmax(0, 1fr);
  }

  .parts:not([data-parts~='attribution']) {
    grid-template-areas: 'example' 'answer' 'similarity';
    grid-template-columns: minmax(0, 1fr);
  }

  .title {
    font-size: var(--gl-size-lead, 1.125rem);
    font-weight: 600;
    line-height: 24px;
    margin-block-end: 12px;
  }

  /* Progress and errors are over the old results. */
  .work {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
  }

  .work > * {
    grid-area: 1 / 1;
  }

  .work > gl-progress {
    align-self: start;
    pointer-events: none;
    z-index: 1;
  }

  /* Room for the results, so that they move nothing when they come. */
  [data-kind='tabular'] .attribution > .work,
  [data-kind='tabular'] .similarity > .work {
    min-block-size: 300px;
  }

  .parts:not([data-parts~='example'], [data-parts~='answer']) > .attribution > .work {
    min-block-size: 160px;
  }

  [data-kind='text'] .attribution > .work {
    min-block-size: 180px;
  }

  [data-kind='text'] .similarity > .work {
    min-block-size: 480px;
  }

  gl-progress::part(button) {
    pointer-events: auto;
  }

  /* The sentence is on top. */
  gl-probabilities::part(caption) {
    display: none;
  }

  .columns {
    display: grid;
    gap: 24px 40px;
    grid-template-columns: repeat(auto-fit, minmax(min(100%, 300px), 1fr));
  }

  /* A table takes the whole width. */
  [data-kind='tabular'] .columns {
    grid-template-columns: minmax(0, 1fr);
  }

  .ranking {
    border: 0;
    display: grid;
    grid-row: span 3;
    grid-template-columns: minmax(0, 1fr);
    grid-template-rows: subgrid;
    padding: 0;
    row-gap: 8px;
  }

  .ranking > .title {
    font-size: var(--_size-body);
    margin: 0;
  }

  .meaning {
    color: var(--_ink-quiet);
    font-size: var(--_size-small);
    line-height: 20px;
  }

  .run-report {
    border-block-start: 1px solid var(--_rule);
    color: var(--_ink-quiet);
    font-size: var(--_size-small);
    line-height: 20px;
    min-block-size: 32px;
    overflow-wrap: anywhere;
    padding-block-start: 12px;
  }

  @container (inline-size >= 1080px) {
    [data-kind='image'] > .parts[data-parts='example answer attribution similarity'] {
      grid-template-areas: 'example answer attribution similarity';
      grid-template-columns:
        var(--gl-picture-size, 252px) minmax(0, 1fr) var(--gl-picture-size, 252px)
        minmax(0, 1.1fr);
    }

    [data-kind='text'] > .parts[data-parts='example answer attribution similarity'] {
      grid-template-areas: 'example answer similarity' 'attribution attribution similarity';
      grid-template-columns: minmax(0, 1fr) minmax(0, 0.9fr) minmax(0, 1.3fr);
      grid-template-rows: auto 1fr;
    }
  }

  @container (inline-size < 880px) {
    .top {
      margin-block-end: 12px;
      min-block-size: 48px;
    }

    .verdict {
      line-height: 24px;
    }

    section {
      padding-block-end: 16px;
    }

    .parts,
    .parts[data-parts~='example'],
    .parts:not([data-parts~='example'], [data-parts~='answer']),
    .parts[data-parts~='example']:not([data-parts~='answer']) {
      grid-template-areas: 'example' 'answer' 'attribution' 'similarity';
      grid-template-columns: minmax(0, 1fr);
    }

    /* The sentence on top is the answer: the training examples begin on the first screen. */
    :is([data-kind='text'], [data-kind='tabular']) > .parts[data-parts~='example'] {
      grid-template-areas: 'example' 'similarity' 'attribution' 'answer';
    }

    /* On a phone, the example, its map and the training examples are on one screen. */
    [data-kind='image'] > .parts[data-parts='example answer attribution similarity'] {
      column-gap: 16px;
      grid-template-areas: 'example similarity' 'attribution similarity' 'answer answer';
      grid-template-columns: minmax(0, 1fr) minmax(0, 1fr);
      grid-template-rows: auto 1fr auto;
    }
  }
`
