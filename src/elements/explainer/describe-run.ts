import { isGradlensError } from '../../errors.js'
import { isRecord } from '../../is-record.js'
import { isNdArray, type GivenExplanation } from '../base/explanation-source.js'
import { formatRunReport } from '../text/run-report.js'
import { readNouns } from '../similar-examples/wording/nouns.js'
import type { ExplainWork } from './explain-work.js'
import type { ExplainerProperties } from './explainer-properties.js'

/** The devices, the number of training examples and the times of what is shown. */
export function describeRun(
  { jobs, fitMs }: Pick<ExplainWork, 'jobs' | 'fitMs'>,
  explainers: Pick<ExplainerProperties, 'attribution' | 'similarity' | 'nouns'>,
): string {
  const { attribution, similarity } = explainers
  const ranking = jobs.similarity.value
  const map = jobs.attribution.value?.explanation ?? null
  const steps = getParams(map)['nSteps']
  return formatRunReport({
    devices: [
      ranking && (similarity?.device ?? asText(getParams(ranking.explanation)['backendName'])),
      map && attribution?.device,
    ],
    fallbackReasons: [ranking && similarity?.fallbackReason, map && attribution?.fallbackReason],
    exampleCount:
      ranking === null ? undefined : countExamples(ranking.explanation, ranking.labels?.shape[0]),
    noun: readNouns(explainers.nouns).many,
    storedBytes: similarity?.gradientBytes,
    fitMs: ranking === null ? undefined : fitMs,
    similarityMs: ranking?.durationMs,
    attributionMs:
      map !== null && jobs.attribution.state.status === 'done'
        ? jobs.attribution.state.durationMs
        : undefined,
    steps: typeof steps === 'number' ? steps : undefined,
  })
}

/**
 * What to do in this element about an error; '' for errors whose message already says what to do.
 */
export function describeRemedy(error: unknown): string {
  if (isGradlensError(error, 'NotFittedError')) {
    return 'In <gl-explainer>: set xTrain and yTrain, or fit the explainer before you set it.'
  }
  if (isGradlensError(error, 'InvalidArgumentError') && error.argument === 'target') {
    return 'In <gl-explainer>: set target, or set predict, whose greatest output is then explained.'
  }
  return ''
}

function getParams(explanation: GivenExplanation | null): Readonly<Record<string, unknown>> {
  const params = explanation?.meta['params']
  return isRecord(params) ? params : {}
}

/**
 * The number of training examples: those ranked, or those labelled if only the most similar were
 * ranked.
 */
function countExamples({ data }: GivenExplanation, labelCount = 0): number | undefined {
  const { scores } = data
  const ranked = isNdArray(scores) ? (scores.shape[1] ?? 0) : 0
  return Math.max(ranked, labelCount) || undefined
}

const asText = (value: unknown): string | undefined =>
  typeof value === 'string' ? value : undefined
