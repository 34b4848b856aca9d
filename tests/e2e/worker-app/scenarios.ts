import {
  DisposedError,
  GradientSimilarity,
  InvalidArgumentError,
  NonFiniteError,
  type Progress,
} from 'gradlens'
import { connectExplainers, connectPredictor } from 'gradlens/worker'
import { loss, picturesOf, question, classesOf, training } from './examples.js'

const start = (): Worker =>
  new Worker(new URL('./explain-worker.js', import.meta.url), { type: 'module' })

const exact = { device: 'wasm', precomputeGrads: true, batchSize: 8 } as const

function check(holds: boolean, what: string): void {
  if (!holds) throw new Error(`Expected that ${what}.`)
}

const rejection = (call: Promise<unknown>): Promise<Error> =>
  call.then(
    () => new Error('It did not reject.'),
    (error: unknown) => error as Error,
  )

/** The same numbers, bit for bit. */
const areSame = (a: ArrayLike<number>, b: ArrayLike<number>): boolean =>
  a.length === b.length && Array.from(a).every((value, i) => Object.is(value, b[i]))

export interface Ranked {
  readonly scores: readonly number[]
  readonly attributions: readonly number[]
  readonly outputs: readonly number[]
}

/** What a page does with explainers in workers. Each scenario rejects if something is not as it should be. */
export const scenarios = {
  /** Ranks and attributes; returns the figures, which another program has too. */
  async explain(): Promise<Ranked> {
    using explainers = connectExplainers(start())
    using similarity = explainers.gradientSimilarity(loss, exact)
    const events: Progress[] = []
    await similarity.fit(training.x, training.y, { onProgress: (event) => events.push(event) })
    const done = events.map((event) => event.done)
    check(
      done.length >= 10 && done.every((count, i) => i === 0 || count > done[i - 1]!),
      `progress grows in steps: ${done.join(', ')}`,
    )
    check(done.at(-1) === 120, `progress ends at the last example: ${done.join(', ')}`)
    check(similarity.device === 'wasm', `the device is wasm: ${similarity.device}`)
    check(training.x.data.length === 120 * 784, "the page's arrays stay in the page")
    const { scores } = await similarity.explain(question)
    using integrated = explainers.integratedGradients({ device: 'wasm', nSteps: 10 })
    const { attributions } = await integrated.explain(question, { target: 3 })
    const outputs = await explainers.predict(question)
    return {
      scores: Array.from(scores.data),
      attributions: Array.from(attributions[0]!.data, Number),
      outputs: Array.from(outputs.data, Number),
    }
  },

  /** An aborted call rejects without waiting for the worker, which stops the work and is free again. */
  async abort(): Promise<void> {
    using explainers = connectExplainers(start())
    using similarity = explainers.gradientSimilarity(loss, exact)
    const controller = new AbortController()
    const reason = new Error('enough')
    let begin = (): void => undefined
    const begun = new Promise<void>((resolve) => (begin = resolve))
    const { signal } = controller
    const fit = similarity.fit(picturesOf(2000, 3), classesOf(2000), { signal, onProgress: begin })
    const rejected = rejection(fit)
    await begun
    controller.abort(reason)
    const nextTask = new Promise((resolve) => setTimeout(resolve))
    check(
      (await Promise.race([rejected, nextTask])) === reason,
      "the call rejects in the same task, with the signal's reason",
    )
    await explainers.predict(question)
    const unfitted = await rejection(similarity.explain(question))
    check(unfitted.name === 'NotFittedError', `the fit has stopped: ${unfitted.message}`)
  },

  async errors(): Promise<void> {
    using explainers = connectExplainers(start())
    using integrated = explainers.integratedGradients({ device: 'wasm', nSteps: 2 })
    const invalid = await rejection(integrated.explain(question, { target: 99 }))
    check(invalid instanceof InvalidArgumentError, `the class is kept: ${invalid.message}`)
    check(
      (invalid as InvalidArgumentError).argument === 'target',
      `the argument: ${invalid.message}`,
    )
    const nan = { data: question.data.map(() => NaN), shape: question.shape }
    const infinite = await rejection(integrated.explain(nan, { target: 0 }))
    check(infinite instanceof NonFiniteError, `the class is kept: ${infinite.message}`)
  },

  /** A worker that can't start is reported: one whose script is missing or throws at once, a silent one after a time. */
  async starts(): Promise<void> {
    const workerOf = (code: string): Worker =>
      new Worker(URL.createObjectURL(new Blob([code], { type: 'text/javascript' })))
    const reason = async (worker: Worker, options = {}): Promise<Error> => {
      const explainers = connectExplainers(worker, options)
      const error = await rejection(explainers.ready)
      check(
        (await rejection(explainers.predict(question))) === error,
        'calls reject as `ready` does',
      )
      check(error.name === 'DeviceError', `it is a DeviceError: ${error.message}`)
      return error
    }
    const missing = await reason(new Worker('/missing-worker.js', { type: 'module' }))
    check(missing.message.includes('could not be loaded'), `a missing script: ${missing.message}`)
    const throwing = await reason(workerOf("throw new Error('The licence has expired.')"))
    check(
      throwing.message.includes('licence has expired'),
      `a script that throws: ${throwing.message}`,
    )
    const silent = await reason(workerOf('onmessage = () => 0'), { timeoutMs: 500 })
    check(
      silent.message.includes('did not call exposeExplainers'),
      `a silent script: ${silent.message}`,
    )
    using explainers = connectExplainers(start())
    check(
      (await explainers.ready).parameters.length > 0,
      'a worker that starts describes its model',
    )
  },

  async dispose(): Promise<void> {
    const explainers = connectExplainers(start())
    const similarity = explainers.gradientSimilarity(loss, exact)
    await similarity.fit(training.x, training.y)
    similarity.dispose()
    const disposed = await rejection(similarity.explain(question))
    check(disposed instanceof DisposedError, `calls after dispose reject: ${disposed.message}`)
    // The others in the worker stay.
    await explainers.predict(question)
    const running = explainers
      .integratedGradients({ device: 'wasm' })
      .explain(question, { target: 0 })
    explainers.dispose()
    const ended = await rejection(running)
    check(ended instanceof DisposedError, `calls that still run reject: ${ended.message}`)
  },

  /** Two explainers of one worker have the same results at the same time as one after the other. */
  async together(): Promise<void> {
    using explainers = connectExplainers(start())
    using integrated = explainers.integratedGradients({ device: 'wasm', nSteps: 10 })
    const attribute = async (): Promise<ArrayLike<number>> =>
      (await integrated.explain(question, { target: 3 })).attributions[0]!.data
    using similarity = explainers.gradientSimilarity(loss, exact)
    const rank = async (): Promise<ArrayLike<number>> => {
      await similarity.fit(training.x, training.y)
      return (await similarity.explain(question)).scores.data
    }
    const [scores, attributions] = [await rank(), await attribute()]
    const [scoresAgain, attributionsAgain] = await Promise.all([rank(), attribute()])
    check(areSame(scores, scoresAgain), 'both scores are the same')
    check(areSame(attributions, attributionsAgain), 'both attributions are the same')
  },

  /** The model in two workers has the scores of the model in one. */
  async pool(): Promise<void> {
    const rank = async (workers: Worker[]): Promise<ArrayLike<number>> => {
      using predictor = await connectPredictor(workers)
      using similarity = new GradientSimilarity(predictor, loss, exact)
      await similarity.fit(training.x, training.y)
      return (await similarity.explain(question)).scores.data
    }
    const one = await rank([start()])
    check(areSame(one, await rank([start(), start()])), 'two workers give the scores of one')
  },

  /** Fits into the worker's store, which is kept; returns how many examples were done at each report. */
  async fitStore(
    onDone?: (done: number) => void,
    exampleCount = 400,
  ): Promise<{ done: number[]; scores: number[] }> {
    using explainers = connectExplainers(start())
    const store = explainers.value('store')
    using similarity = explainers.gradientSimilarity(loss, {
      ...exact,
      ...{ store, storeRowsPerChunk: 8 },
    })
    const done: number[] = []
    await similarity.fit(picturesOf(exampleCount, 1), classesOf(exampleCount), {
      onProgress: (event) => {
        done.push(event.done)
        onDone?.(event.done)
      },
    })
    const { scores } = await similarity.explain(question)
    return { done, scores: Array.from(scores.data) }
  },
}
