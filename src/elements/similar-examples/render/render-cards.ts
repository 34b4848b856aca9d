import { html, nothing, type TemplateResult } from 'lit'
import { renderSignedBar } from '../../base/color/signed-bar.js'
import { differs } from '../labels.js'
import type { ExampleContent, ShownExample } from '../shown-example.js'
import type { SimilarityView } from '../similarity-view.js'
import type { ExampleListOptions, ShownEnd } from './example-list.js'
import { renderSeries } from './render-series.js'

/** How many placeholders are shown while the number of examples is unknown. */
const usualCount = 5

/** One end as images or texts, each with its label, its score and the score's bar. */
export function renderCards(end: ShownEnd, options: ExampleListOptions): TemplateResult {
  const { examples, title } = end
  const layout = examples[0]?.content.kind === 'text' ? 'texts' : 'pictures'
  const isBrief = examples.every(
    ({ predicted, isSuspect }) => predicted === undefined && !isSuspect,
  )
  return html`
    <div class="end" part="end">
      <p class="end-title">${title}</p>
      <ol
        class=${isBrief ? `${layout} brief` : layout}
        aria-label=${title}
        aria-hidden=${options.stop === undefined ? 'true' : nothing}
      >
        ${examples.map((example, rank) => html`<li>${renderCard(example, rank, end, options)}</li>`)}
      </ol>
    </div>
  `
}

/** Empty places of the size of image cards. */
export function renderPlaceholders(title: string): TemplateResult {
  const card = html`<li>
    <div class="card">
      <span class="picture-place"></span><span class="facts"></span>
      <span class="score-place"><span class="track"></span><span class="score"></span></span>
    </div>
  </li>`
  return html`<div class="end">
    <p class="end-title">${title}</p>
    <ol class="pictures">
      ${Array.from({ length: usualCount }, () => card)}
    </ol>
  </div>`
}

function renderCard(
  example: ShownExample,
  rank: number,
  { from, end }: ShownEnd,
  { view, stop, selected, format, select }: ExampleListOptions,
): TemplateResult {
  const { index, score, label } = example
  const inside = html`
    ${renderContent(example.content, from + rank, view)}
    <span class="facts">${renderFacts(example, view)}</span>
    ${renderScoreBar(score, view, format)}
  `
  if (stop === undefined || index === undefined || score === undefined) {
    return html`<div class="card" part="example">${inside}</div>`
  }
  return html`
    <button
      type="button"
      class="card"
      part="example"
      data-index=${index}
      data-stop
      tabindex=${from + rank === stop ? 0 : -1}
      aria-pressed=${index === selected ? 'true' : 'false'}
      @click=${() => {
        select({ index, score, label, end, rank })
      }}
    >
      ${inside}
    </button>
  `
}

function renderContent(
  content: ExampleContent,
  at: number,
  { extents }: SimilarityView,
): TemplateResult {
  switch (content.kind) {
    case 'image':
      return html`<span class="picture-place"
        ><canvas class="picture" part="picture" data-at=${at} aria-hidden="true"></canvas
      ></span>`
    case 'address':
      return html`<span class="picture-place"
        ><img class="picture" part="picture" src=${content.url} alt="" loading="lazy"
      /></span>`
    case 'series':
      return html`<span class="picture-place">${renderSeries(content.columns, extents)}</span>`
    case 'text':
      return html`<span class="text">${content.text}</span>`
    case 'row':
      return html`<span class="text">${content.cells.join(', ')}</span>`
    case 'none':
      return html`<span class="picture-place"></span>`
  }
}

/** The name of an example, or its number; its label and the model's prediction. */
function renderFacts(example: ShownExample, view: SimilarityView): TemplateResult {
  const { index, name, label, predicted, isSuspect } = example
  const isWrong = differs(example, view)
  const number = index === undefined ? 'not ranked' : `no. ${index}`
  return html`
    ${name === undefined ? nothing : html`<span class="name">${name}</span>`}
    ${label === undefined ? nothing : html`<span class="label">labelled ${view.name(label)}</span>`}
    ${
      predicted === undefined
        ? nothing
        : html`<span class=${isWrong ? 'says differs' : 'says'}
            >${isWrong ? '≠ ' : ''}model says ${view.name(predicted)}</span
          >`
    }
    ${isSuspect ? renderSuspect() : nothing}
    ${name === undefined ? html`<span class="number">${number}</span>` : nothing}
  `
}

/** The score, or why there is none, with its bar if the measure has bars. */
export function renderScoreBar(
  score: number | undefined,
  { scale }: SimilarityView,
  format: (score: number) => string,
): TemplateResult {
  return html`<span class=${scale === null ? 'score-place no-bar' : 'score-place'}>
    ${scale === null ? nothing : renderSignedBar(score, scale)}
    <span class="score">${renderScore(score, format)}</span>
  </span>`
}

function renderScore(score: number | undefined, format: (score: number) => string): TemplateResult {
  if (score === undefined) return html`<span class="quiet">score not kept</span>`
  return html`${Number.isFinite(score) ? format(score) : 'not finite'}`
}

/** The mark of a label that may be wrong. */
export function renderSuspect(): TemplateResult {
  return html`<span class="suspect" part="suspect">◆ check label</span>`
}
