import { html, type TemplateResult } from 'lit'
import { isStale, type Job } from '../../progress/job.js'
import type { Label } from '../../similar-examples/labels.js'
import type { ExplainerProperties } from '../explainer-properties.js'
import type { RankedResult } from '../ranked-result.js'

/**
 * The training examples of a ranking.
 *
 * @param predicted the class that the model predicts
 */
export function renderExamples(
  properties: ExplainerProperties,
  job: Pick<Job<RankedResult>, 'state' | 'value'>,
  predicted: Label | null,
): TemplateResult {
  const { value } = job
  return html`<gl-similar-examples
    .explanation=${value?.explanation ?? null}
    .loading=${isStale(job)}
    .kind=${properties.kind}
    .examples=${properties.examples}
    .urlTemplate=${properties.urlTemplate}
    .channels=${properties.channels}
    .trainLabels=${properties.trainLabels ?? value?.labels ?? null}
    .trainPredictions=${properties.trainPredictions}
    .trainSuspects=${properties.trainSuspects}
    .trainNames=${properties.trainNames}
    .explainedIndex=${value?.explainedIndex ?? null}
    .nouns=${properties.nouns}
    .labels=${properties.labels}
    .predicted=${properties.y === undefined ? predicted : null}
    .features=${properties.columns ?? properties.features}
    .ink=${properties.ink}
    .range=${properties.range}
    selectable
    folded
  ></gl-similar-examples>`
}
