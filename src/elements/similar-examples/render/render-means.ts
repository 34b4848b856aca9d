import { html, nothing, type TemplateResult } from 'lit'
import { renderSignedBar } from '../../base/color/signed-bar.js'
import { scaleOf } from '../../base/color/signed-scale.js'
import { createNumberFormat } from '../../text/format.js'
import type { ClassMean } from '../class-means.js'
import type { SimilarityView } from '../similarity-view.js'

/** With more classes than this, only the highest and the lowest means are shown. */
const mostClasses = 20

/** A bar for each class: the mean score of its training examples. */
export function renderMeans(
  view: SimilarityView,
  sentence: string,
): TemplateResult | typeof nothing {
  const { name, predicted } = view
  const means = selectMeans(view)
  if (means.length === 0) return nothing
  const values = means.map(({ mean }) => mean).filter(Number.isFinite)
  const scale = scaleOf(values)
  const format = createNumberFormat(values)
  return html`
    <div class="end" part="means">
      <p class="end-title">
        Mean score per class <span class="hint">${describeCounts(view, means)}</span>
      </p>
      <ol class="means" aria-label="Mean score per class">
        ${means.map(({ label, count, mean }) => {
          const isPredicted = predicted !== null && name(label) === name(predicted)
          return html`
            <li class="mean" ?data-predicted=${isPredicted}>
              <span class="mean-label">${name(label)}</span>
              ${renderSignedBar(mean, scale)}
              <span class="score">${count > 0 ? format(mean) : '–'}</span>
            </li>
          `
        })}
      </ol>
      ${sentence === '' ? nothing : html`<p class="means-sentence">${sentence}</p>`}
    </div>
  `
}

/** All classes in their order, or the highest and the lowest if there are many. */
export function selectMeans({ means }: SimilarityView): readonly ClassMean[] {
  if (means.length <= mostClasses) return means
  const sorted = means.filter(({ count }) => count > 0).sort((a, b) => b.mean - a.mean)
  if (sorted.length <= mostClasses) return sorted
  return [...sorted.slice(0, mostClasses / 2), ...sorted.slice(-mostClasses / 2)]
}

/** How many examples each mean is taken over: 'of 100 training examples each'. */
function describeCounts({ means, nouns }: SimilarityView, shown: readonly ClassMean[]): string {
  const counts = shown.map(({ count }) => count).filter((count) => count > 0)
  const fewest = Math.min(...counts)
  const most = Math.max(...counts)
  const range = fewest === most ? `${most}` : `${fewest} to ${most}`
  const each = `of ${range} ${most === 1 ? nouns.one : nouns.many} each`
  if (shown.length === means.length) return each
  const half = mostClasses / 2
  return `the ${half} highest and ${half} lowest of ${means.length} classes, ${each}`
}
