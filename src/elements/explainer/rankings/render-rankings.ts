import { html, nothing, type TemplateResult } from 'lit'
import { readMeasure } from '../../similar-examples/wording/measure.js'
import { readNouns } from '../../similar-examples/wording/nouns.js'
import type { Label } from '../../similar-examples/labels.js'
import { joinList } from '../../text/words.js'
import type { ExplainerProperties } from '../explainer-properties.js'
import { renderExamples } from '../render/render-examples.js'
import { renderProgress } from '../render/render-progress.js'
import type { RankingJob } from './rankings-work.js'

interface RankingsOptions {
  readonly jobs: readonly RankingJob[]
  readonly isOpen: boolean
  readonly predicted: Label | null
  readonly toggle: (event: Event) => void
  readonly cancel: (each: RankingJob) => void
  readonly retry: (each: RankingJob) => void
}

/** The rankings that are compared, in a fold. */
export function renderRankings(
  properties: ExplainerProperties,
  { jobs, isOpen, toggle, ...options }: RankingsOptions,
): TemplateResult {
  const names = jobs.map(({ ranking }, i) =>
    i === 0 ? ranking.title : ranking.title.charAt(0).toLowerCase() + ranking.title.slice(1),
  )
  return html`
    <section class="rankings" part="part" aria-label="Rankings compared">
      <details class="fold" @toggle=${toggle}>
        <summary>${joinList(names)} side by side</summary>
        ${
          isOpen
            ? html`<div class="columns" data-count=${jobs.length}>
                ${jobs.map((each) => renderRanking(properties, each, options))}
              </div>`
            : nothing
        }
      </details>
    </section>
  `
}

function renderRanking(
  properties: ExplainerProperties,
  each: RankingJob,
  { predicted, cancel, retry }: Pick<RankingsOptions, 'predicted' | 'cancel' | 'retry'>,
): TemplateResult {
  const { ranking, job } = each
  const { title, description } = ranking
  const { state, value } = job
  const { many } = readNouns(properties.nouns)
  const meaning = description ?? (value === null ? '' : readMeasure(value.explanation).meaning)
  return html`
    <section class="ranking" part="ranking" aria-label=${title}>
      <p class="title">${title}</p>
      <p class="meaning">${meaning}</p>
      <div class="work">
        ${renderExamples(properties, job, predicted)}
        ${renderProgress(state, {
          doing: nameWork(state, many),
          unit: many,
          cancel: () => {
            cancel(each)
          },
          retry: () => {
            retry(each)
          },
        })}
      </div>
    </section>
  `
}

function nameWork(state: RankingJob['job']['state'], many: string): string {
  const phase = state.status === 'busy' ? state.progress?.phase : undefined
  if (phase === 'curvature') return 'Estimating the curvature of the loss'
  return phase === 'fit' ? `Computing the gradients of the ${many}` : `Ranking the ${many}`
}
