import { InvalidArgumentError } from '../../../errors.js'
import { Job, type JobOptions } from '../../progress/job.js'
import { SharedWork } from '../../progress/shared-work.js'
import type { ExplainerProperties } from '../explainer-properties.js'
import { isGiven, readRankedResult, type RankedResult } from '../ranked-result.js'
import type { Ranking, RankingLike } from './ranking.js'

/** The properties that rankings are computed from. */
export type RankingsQuestion = Pick<
  ExplainerProperties,
  'rankings' | 'x' | 'y' | 'xTrain' | 'yTrain' | 'explainedIndex'
>

/** A change of one of these computes the rankings again. */
const questionNames: readonly (keyof RankingsQuestion)[] = [
  'rankings',
  'x',
  'y',
  'xTrain',
  'yTrain',
]

/** Fits an explainer with the training examples, once. */
export type Fit = (explainer: RankingLike, options: JobOptions) => Promise<unknown>

/** A ranking with its computation. */
export interface RankingJob {
  readonly ranking: Ranking
  readonly job: Job<RankedResult>
}

/** The computations of the rankings that are compared: one job for each. */
export class RankingsWork {
  readonly #onChange: () => void
  readonly #fits = new Map<RankingLike, SharedWork<unknown>>()
  #jobs: readonly RankingJob[] = []
  readonly #running = new Set<Promise<unknown>>()
  /** Whether the rankings are shown. Others are not computed. */
  isOpen = false
  #isDue = false
  /** What the ranking of training examples alone was computed from. */
  readonly #asked = new WeakMap<Job<RankedResult>, readonly unknown[]>()

  /** @param onChange is called with every new state of a job */
  constructor(onChange: () => void) {
    this.#onChange = onChange
  }

  get jobs(): readonly RankingJob[] {
    return this.#jobs
  }

  /** Shows these rankings. Those that were there before keep their results. */
  choose(rankings: readonly Ranking[]): void {
    const kept = this.#jobs.filter(({ ranking }) => rankings.includes(ranking))
    for (const each of this.#jobs) if (!kept.includes(each)) each.job.reset()
    this.#jobs = rankings.map(
      (ranking) =>
        kept.find((each) => each.ranking === ranking) ?? {
          ranking,
          job: new Job<RankedResult>(this.#onChange),
        },
    )
    const explainers = new Set(rankings.map(({ explainer }) => explainer))
    for (const [explainer, fit] of this.#fits) {
      if (explainers.has(explainer)) continue
      fit.drop(new DOMException('The explainer was removed.', 'AbortError'))
      this.#fits.delete(explainer)
    }
  }

  /** Computes the rankings again when they are next started. */
  invalidate(): void {
    this.#isDue = true
    for (const { job } of this.#jobs) this.#asked.delete(job)
  }

  /** Resolves when no ranking is running. */
  async waitUntilIdle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running)
  }

  /** Takes note that properties have changed. */
  note(changed: ReadonlyMap<PropertyKey, unknown>, rankings: readonly Ranking[]): void {
    if (changed.has('rankings')) this.choose(rankings)
    if (questionNames.some((name) => changed.has(name))) this.#isDue = true
  }

  /** Computes all rankings that are shown, if something has changed. Without an example, those that need one are cleared. */
  startDue(question: RankingsQuestion, fit: Fit): void {
    if (!this.#isDue || !this.isOpen) return
    this.#isDue = false
    for (const each of this.#jobs) this.startOne(each, question, fit)
  }

  /** Computes one ranking. */
  startOne({ ranking, job }: RankingJob, question: RankingsQuestion, fit: Fit): void {
    const { method = 'explain' } = ranking
    // The element's properties may change while an explainer is fitted.
    const { x, y, xTrain, yTrain, explainedIndex } = question
    if (method === 'explain' && !isGiven(x)) {
      job.reset()
      return
    }
    const key = [ranking, xTrain, yTrain]
    const last = this.#asked.get(job)
    const isSame = last?.every((value, i) => value === key[i]) === true
    // It is the same for every example that is explained.
    if (method === 'selfInfluence' && isSame && isComputed(job)) return
    this.#asked.set(job, key)
    const run = job.run(async (options) => {
      if (isGiven(xTrain) && ranking.explainer.fit !== undefined) {
        await fit(ranking.explainer, options)
      }
      return readRankedResult(await rank(ranking, { x, y }, options), { yTrain, explainedIndex })
    })
    this.#running.add(run)
    void run.finally(() => this.#running.delete(run))
  }

  /** Fits an explainer that is only in the rankings. */
  readonly fitOwn = (
    explainer: RankingLike,
    { xTrain, yTrain }: Pick<RankingsQuestion, 'xTrain' | 'yTrain'>,
    options: JobOptions,
  ): Promise<unknown> => {
    let fit = this.#fits.get(explainer)
    if (fit === undefined) this.#fits.set(explainer, (fit = new SharedWork()))
    return fit.get([xTrain, yTrain], async (call) => explainer.fit?.(xTrain, yTrain, call), options)
  }

  /** Stops one ranking, with its fit. */
  cancel({ ranking, job }: RankingJob): void {
    job.cancel()
    this.#fits
      .get(ranking.explainer)
      ?.drop(new DOMException('The request was cancelled.', 'AbortError'))
  }

  /** Aborts what is running. It is computed again when it is next started. */
  interrupt(): void {
    const reason = new DOMException('The rankings are no longer shown.', 'AbortError')
    for (const fit of this.#fits.values()) fit.drop(reason)
    for (const { job } of this.#jobs) {
      if (job.state.status !== 'busy') continue
      job.interrupt(reason)
      this.#isDue = true
    }
  }
}

async function rank(
  { title, explainer, method = 'explain', options = {} }: Ranking,
  { x, y }: Pick<RankingsQuestion, 'x' | 'y'>,
  call: JobOptions,
): Promise<unknown> {
  const own = { ...options, ...call }
  if (method === 'explain' && explainer.explain !== undefined) return explainer.explain(x, y, own)
  if (method === 'selfInfluence' && explainer.selfInfluence !== undefined) {
    return explainer.selfInfluence(own)
  }
  throw new InvalidArgumentError(
    `rankings, '${title}'`,
    `an explainer without ${method}`,
    `an explainer with the method ${method}, or method: '${method === 'explain' ? 'selfInfluence' : 'explain'}'`,
  )
}

const isComputed = ({ state, value }: Job<RankedResult>): boolean =>
  state.status === 'busy' || (state.status === 'done' && value !== null)
