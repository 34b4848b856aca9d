import { describe, expect, test } from 'vitest'
import { Job, SharedWork, type JobOptions, type JobState } from 'gradlens/elements'
import { createDeferred } from '../../support/deferred.js'

function createRecordedJob<Value>(): { job: Job<Value>; states: JobState<Value>[] } {
  const states: JobState<Value>[] = []
  const job = new Job<Value>((state) => {
    states.push(state)
  })
  return { job, states }
}

const progressAt = (done: number): Parameters<JobOptions['onProgress']>[0] => ({
  phase: 'fit',
  done,
  total: 2,
})

describe('a job', () => {
  test('shows only the last request, even if an earlier one finishes later', async () => {
    const { job, states } = createRecordedJob<string>()
    const early = createDeferred<string>()
    const first = job.run(() => early.promise)
    const second = job.run(() => Promise.resolve('second'))
    expect(await second).toBe('second')
    early.resolve('first')
    expect(await first).toBeUndefined()
    expect(states.map(({ status }) => status)).toEqual(['busy', 'busy', 'done'])
    expect(job.value).toBe('second')
  })

  test('aborts the earlier request', async () => {
    const { job } = createRecordedJob<string>()
    let reason: unknown
    void job.run(({ signal }) => {
      signal.addEventListener('abort', () => {
        reason = signal.reason
      })
      return new Promise(() => undefined)
    })
    await job.run(() => Promise.resolve('second'))
    expect(reason).toMatchObject({
      name: 'AbortError',
      message: 'A newer request replaced this one.',
    })
  })

  test('shows a cancellation, and no progress after it', async () => {
    const { job, states } = createRecordedJob<string>()
    const work = createDeferred<string>()
    let report: JobOptions['onProgress'] = () => undefined
    const run = job.run(({ onProgress }) => {
      report = onProgress
      return work.promise
    })
    report(progressAt(1))
    job.cancel()
    report(progressAt(2))
    work.reject(new Error('aborted'))
    await run
    expect(states.map(({ status }) => status)).toEqual(['busy', 'busy', 'cancelled'])
    expect(states.at(-1)).toEqual({ status: 'cancelled', hasResult: false })
    job.cancel()
    expect(states).toHaveLength(3)
  })

  test('keeps the last result through failures, cancellations and interruptions, until it is reset', async () => {
    const { job, states } = createRecordedJob<string>()
    await job.run(() => Promise.resolve('result'))
    const error = new Error('model.json could not be loaded')
    expect(await job.run(() => Promise.reject(error))).toBeUndefined()
    expect(states.at(-1)).toEqual({ status: 'failed', error })
    void job.run(() => new Promise(() => undefined))
    job.cancel()
    expect(states.at(-1)).toEqual({ status: 'cancelled', hasResult: true })
    job.interrupt()
    expect([job.state.status, job.value]).toEqual(['idle', 'result'])
    job.reset()
    expect([job.state.status, job.value]).toEqual(['idle', null])
  })

  test('measures the time of each phase from its beginning', async () => {
    const { job, states } = createRecordedJob<undefined>()
    await job.run(async ({ onProgress }) => {
      onProgress(progressAt(1))
      await new Promise((resolve) => setTimeout(resolve, 5))
      onProgress(progressAt(2))
      onProgress({ phase: 'explain', done: 0, total: 1 })
      return undefined
    })
    const starts = states.flatMap((state) =>
      state.status === 'busy' ? [state.phaseStartedAt] : [],
    )
    expect(new Set(starts.slice(0, 3)).size).toBe(1)
    expect(starts[3]).toBeGreaterThan(starts[0]!)
  })
})

describe('shared work', () => {
  function createOptions(): JobOptions & { controller: AbortController; seen: number[] } {
    const controller = new AbortController()
    const seen: number[] = []
    return {
      controller,
      seen,
      signal: controller.signal,
      onProgress: ({ done }) => void seen.push(done),
    }
  }

  test('runs once for equal keys, and continues when a request is aborted', async () => {
    const shared = new SharedWork<string>()
    const work = createDeferred<string>()
    const calls: JobOptions[] = []
    const start = (options: JobOptions): Promise<string> => {
      calls.push(options)
      return work.promise
    }
    const [first, second] = [createOptions(), createOptions()]
    const aborted = shared.get(['wasm', 100], start, first)
    await Promise.resolve()
    calls[0]?.onProgress(progressAt(1))
    const result = shared.get(['wasm', 100], start, second)
    first.controller.abort(new Error('another question'))
    await expect(aborted).rejects.toThrow('another question')
    calls[0]?.onProgress(progressAt(2))
    work.resolve('fitted')
    expect(await result).toBe('fitted')
    expect([calls.length, calls[0]?.signal.aborted]).toEqual([1, false])
    expect([first.seen, second.seen]).toEqual([[1], [2]])
    expect(shared.durationMs).toBeGreaterThanOrEqual(0)
    expect(await shared.get(['wasm', 100], start, createOptions())).toBe('fitted')
    expect(calls).toHaveLength(1)
  })

  test('is replaced by work for another key', async () => {
    const shared = new SharedWork<string>()
    const signals: AbortSignal[] = []
    const start = ({ signal }: JobOptions): Promise<string> => {
      signals.push(signal)
      return new Promise((_, reject) => {
        signal.addEventListener('abort', () => {
          reject(signal.reason as Error)
        })
      })
    }
    const first = shared.get([1], start, createOptions())
    await Promise.resolve()
    const second = shared.get([2], start, createOptions())
    await expect(first).rejects.toThrow('Work for other inputs replaced this work.')
    shared.drop(new Error('no longer needed'))
    await expect(second).rejects.toThrow('no longer needed')
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, true])
  })

  test('starts again after a failure, and keeps a finished result when it is dropped', async () => {
    const shared = new SharedWork<number>()
    let calls = 0
    const work = (): Promise<number> =>
      ++calls === 1 ? Promise.reject(new Error('offline')) : Promise.resolve(calls)
    await expect(shared.get([], work, createOptions())).rejects.toThrow('offline')
    expect(await shared.get([], work, createOptions())).toBe(2)
    shared.drop(new Error('cancelled'))
    expect(await shared.get([], work, createOptions())).toBe(2)
  })
})
