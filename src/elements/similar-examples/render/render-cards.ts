import { html, nothing, type TemplateResult } from 'lit'
import type { ExampleContent, RenderedEnd, ShownExample } from '../shown-example.js'
import { renderSignedBar } from '../../base/color/signed-bar.js'
import type { SimilarityView } from '../similarity-view.js'

/** Places that are kept free where it is not known how many examples come. */
const usualCount = 5

/** Pictures or texts, each with its label, the score's bar and the score. */
export function renderCards(end: RenderedEnd & { readonly view: SimilarityView }): TemplateResult {
  const { examples, stop, title } = end
  const layout = examples[0]?.content.kind === 'text' ? 'texts' : 'pictures'
  return html`
    <ol class=${layout} aria-label=${title} aria-hidden=${stop === undefined ? 'true' : nothing}>
      ${examples.map((example, rank) => html`<li>${renderCard(example, rank, end)}</li>`)}
    </ol>
  `
}

/** Empty places, as large as cards of pictures. */
export function renderPlaces(): TemplateResult {
  const card = html`<li>
    <div class="card">
      <span class="picture-place"></span><span class="facts"></span>
      <span class="score-place"><span class="track"></span><span class="score"></span></span>
    </div>
  </li>`
  return html`<ol class="pictures">
    ${Array.from({ length: usualCount }, () => card)}
  </ol>`
}

function renderCard(
  example: ShownExample,
  rank: number,
  { view, from, stop, selected, format, end, select }: RenderedEnd & { view: SimilarityView },
): TemplateResult {
  const { index, score, label } = example
  const inside = html`
    ${renderContent(example.content, from + rank)}
    <span class="facts">${renderFacts(example, view)}</span>
    <span class="score-place">
      ${renderSignedBar(score, view.scale)}
      <span class="score">${scoreText(score, format)}</span>
    </span>
  `
  if (stop === undefined || index === undefined || score === undefined) {
    return html`<div class="card" part="example">${inside}</div>`
  }
  const isSelected = index === selected
  return html`
    <button
      type="button"
      class="card"
      part="example"
      data-stop
      tabindex=${from + rank === stop ? 0 : -1}
      aria-pressed=${isSelected ? 'true' : 'false'}
      @click=${() => {
        select({ index, score, label, end, rank })
      }}
    >
      ${inside}
    </button>
  `
}

function renderContent(content: ExampleContent, at: number): TemplateResult {
  switch (content.kind) {
    case 'image':
      return html`<span class="picture-place"
        ><canvas class="picture" part="picture" data-at=${at} aria-hidden="true"></canvas
      ></span>`
    case 'address':
      return html`<span class="picture-place"
        ><img class="picture" part="picture" src=${content.url} alt="" loading="lazy"
      /></span>`
    case 'text':
      return html`<span class="text">${content.text}</span>`
    case 'row':
      return html`<span class="text">${content.cells.join(', ')}</span>`
    case 'none':
      return html`<span class="picture-place"></span>`
  }
}

/** What it is labelled, what the model says of it, and its number. */
function renderFacts(
  { index, label, predicted, isSuspect }: ShownExample,
  { name, areClasses }: SimilarityView,
): TemplateResult {
  const differs =
    areClasses && predicted !== undefined && label !== undefined && name(predicted) !== name(label)
  return html`
    ${label === undefined ? nothing : html`<span class="label">labelled ${name(label)}</span>`}
    ${
      predicted === undefined
        ? nothing
        : html`<span class=${differs ? 'says differs' : 'says'}
            >${differs ? '≠ ' : ''}model says ${name(predicted)}</span
          >`
    }
    ${isSuspect ? renderSuspect() : nothing}
    <span class="number">${index === undefined ? 'not ranked' : `no. ${index}`}</span>
  `
}

/** The score, or what stands where there is none. */
export function scoreText(
  score: number | undefined,
  format: (score: number) => string,
): TemplateResult {
  if (score === undefined) return html`<span class="quiet">score not kept</span>`
  return html`${Number.isFinite(score) ? format(score) : 'not finite'}`
}

/** What marks a label that may be wrong. */
export function renderSuspect(): TemplateResult {
  return html`<span class="suspect" part="suspect">◆ check label</span>`
}
