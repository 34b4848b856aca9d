import { html, nothing, type TemplateResult } from 'lit'
import { readMeasure } from '../../similar-examples/wording/measure.js'
import { readNouns } from '../../similar-examples/wording/nouns.js'
import type { Label } from '../../similar-examples/labels.js'
import { joinList } from '../../text/words.js'
import { describeRemedy } from '../describe-run.js'
import type { ExplainerProperties } from '../explainer-properties.js'
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
  const meaning = description ?? (value === null ? '' : readMeasure(value).meaning)
  return html`
    <section class="ranking" part="ranking" aria-label=${title}>
      <p class="title">${title}</p>
      <p class="meaning">${meaning}</p>
      <div class="work">
        <gl-similar-examples
          .explanation=${value}
          .loading=${state.status === 'busy' || (value !== null && state.status !== 'done')}
          .kind=${properties.kind}
          .examples=${properties.examples}
          .urlTemplate=${properties.urlTemplate}
          .channels=${properties.channels}
          .trainLabels=${properties.trainLabels}
          .trainPredictions=${properties.trainPredictions}
          .trainSuspects=${properties.trainSuspects}
          .trainNames=${properties.trainNames}
          .explainedIndex=${properties.explainedIndex}
          .nouns=${properties.nouns}
          .labels=${properties.labels}
          .predicted=${properties.y === undefined ? predicted : null}
          .features=${properties.columns ?? properties.features}
          .ink=${properties.ink}
          .range=${properties.range}
          selectable
          folded
        ></gl-similar-examples>
        <gl-progress
          part="progress"
          .state=${state}
          doing=${nameWork(state, many)}
          unit=${many}
          .hint=${state.status === 'failed' ? describeRemedy(state.error) : ''}
          cancellable
          @gl-progress-cancel=${() => {
            cancel(each)
          }}
          @gl-progress-retry=${() => {
            retry(each)
          }}
        ></gl-progress>
      </div>
    </section>
  `
}

function nameWork(state: RankingJob['job']['state'], many: string): string {
  const phase = state.status === 'busy' ? state.progress?.phase : undefined
  if (phase === 'curvature') return 'Estimating the curvature of the loss'
  return phase === 'fit' ? `Computing the gradients of the ${many}` : `Ranking the ${many}`
}
