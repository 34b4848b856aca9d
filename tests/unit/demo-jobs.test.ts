import { describe, expect, test } from 'vitest'
import { Job, type JobState } from '../../demo/job.js'
import type { FromWorker, ToWorker } from '../../demo/workers/protocol.js'
import { retryable } from '../../demo/workers/retryable.js'
import { serve, type Handlers, type WorkOptions } from '../../demo/workers/serve.js'

interface Deferred<Value> {
  readonly promise: Promise<Value>
  readonly resolve: (value: Value) => void
  readonly reject: (reason: Error) => void
}

function deferred<Value>(): Deferred<Value> {
  let resolve: Deferred<Value>['resolve'] = () => undefined
  let reject: Deferred<Value>['reject'] = () => undefined
  const promise = new Promise<Value>((onResolve, onReject) => {
    resolve = onResolve
    reject = onReject
  })
  return { promise, resolve, reject }
}

function recorded<Value>(): { job: Job<Value>; states: JobState<Value>[] } {
  const states: JobState<Value>[] = []
  const job = new Job<Value>((state) => {
    states.push(state)
  })
  return { job, states }
}

describe('a job', () => {
  test('shows the last request alone, even if an earlier one ends later', async () => {
    const { job, states } = recorded<string>()
    const early = deferred<string>()
    const first = job.run(() => early.promise)
    const second = job.run(() => Promise.resolve('second'))
    expect(await second).toBe('second')
    early.resolve('first')
    expect(await first).toBeUndefined()
    expect(states.map(({ status }) => status)).toEqual(['busy', 'busy', 'done'])
  })

  test('aborts what it was asked before', async () => {
    const { job } = recorded<string>()
    let aborted = false
    const first = job.run(({ signal }) => {
      signal.addEventListener('abort', () => (aborted = true))
      return new Promise(() => undefined)
    })
    void first
    await job.run(() => Promise.resolve('second'))
    expect(aborted).toBe(true)
  })

  test('shows that it was cancelled, and no progress after that', async () => {
    const { job, states } = recorded<string>()
    const work = deferred<string>()
    let report: WorkOptions['onProgress'] = () => undefined
    const run = job.run(({ onProgress }) => {
      report = onProgress
      return work.promise
    })
    report({ done: 1, total: 2 })
    job.cancel()
    report({ done: 2, total: 2 })
    work.reject(new Error('aborted'))
    await run
    expect(states.map(({ status }) => status)).toEqual(['busy', 'busy', 'cancelled'])
  })

  test('shows what went wrong in the words of the error', async () => {
    const { job, states } = recorded<string>()
    await job.run(() => Promise.reject(new Error('model.json could not be loaded')))
    expect(states.at(-1)).toEqual({ status: 'failed', message: 'model.json could not be loaded' })
  })
})

describe('a worker that serves', () => {
  const input = { data: new Float32Array(), shape: [1, 0] }
  const rank = (id: number): ToWorker => ({
    kind: 'call',
    id,
    method: 'rank',
    arguments: { input, label: undefined, simFn: 'grad_dot', device: 'wasm' },
  })

  function serving(handle: (options: WorkOptions) => Promise<unknown>): {
    send: (message: ToWorker) => void
    received: FromWorker[]
  } {
    const received: FromWorker[] = []
    let listener: (event: MessageEvent<ToWorker>) => void = () => undefined
    const scope = {
      postMessage: (message: FromWorker): void => void received.push(message),
      addEventListener: (_type: 'message', added: typeof listener): void => {
        listener = added
      },
    }
    const handler = (_: unknown, options: WorkOptions): Promise<never> =>
      handle(options) as Promise<never>
    const handlers: Handlers = { predict: handler, attribute: handler, fit: handler, rank: handler }
    serve(scope, () => handlers)
    const send = (data: ToWorker): void => {
      listener({ data } as MessageEvent<ToWorker>)
    }
    send({ kind: 'start', dataSet: 'mnist', folder: 'https://localhost/mnist/', device: 'wasm' })
    return { send, received }
  }

  const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve))

  test('answers one call after the other', async () => {
    let running = 0
    let most = 0
    const { send, received } = serving(async () => {
      most = Math.max(most, ++running)
      await settled()
      running--
    })
    for (const id of [1, 2, 3]) send(rank(id))
    await expect.poll(() => received.length).toBe(3)
    expect(received.map(({ id }) => id)).toEqual([1, 2, 3])
    expect(most).toBe(1)
  })

  test('never begins a call that was cancelled while it waited', async () => {
    const begun: number[] = []
    const first = deferred<undefined>()
    const { send, received } = serving(() => {
      begun.push(begun.length + 1)
      return first.promise
    })
    send(rank(1))
    send(rank(2))
    send({ kind: 'cancel', id: 2 })
    first.resolve(undefined)
    await expect.poll(() => received.length).toBe(2)
    expect(begun).toEqual([1])
    expect(received[1]).toMatchObject({ kind: 'failure', id: 2 })
  })

  test('passes progress, cancellation and failures on', async () => {
    const { send, received } = serving(async ({ signal, onProgress }) => {
      onProgress({ done: 1, total: 2 })
      await settled()
      signal.throwIfAborted()
    })
    send(rank(7))
    await expect.poll(() => received.length).toBe(1)
    expect(received[0]).toEqual({ kind: 'progress', id: 7, progress: { done: 1, total: 2 } })
    send({ kind: 'cancel', id: 7 })
    await expect.poll(() => received.length).toBe(2)
    expect(received[1]).toMatchObject({ kind: 'failure', id: 7 })
  })
})

test('what can be retried is loaded once, and again only after it has failed', async () => {
  let loads = 0
  const load = retryable(() => {
    loads++
    return loads === 1 ? Promise.reject(new Error('offline')) : Promise.resolve(loads)
  })
  await expect(load()).rejects.toThrow('offline')
  expect(await Promise.all([load(), load()])).toEqual([2, 2])
})
