import { describe, expect, test } from 'vitest'
import type { FromWorker, ToWorker } from '../../../demo/workers/protocol.js'
import { createRetryable } from '../../../demo/workers/retryable.js'
import { serve, type Handlers, type WorkOptions } from '../../../demo/workers/serve.js'
import { createDeferred } from '../../support/deferred.js'

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
    const scope = {
      postMessage: (message: FromWorker): void => void received.push(message),
    }
    const handler = (_: unknown, options: WorkOptions): Promise<never> =>
      handle(options) as Promise<never>
    const handlers: Handlers = { predict: handler, attribute: handler, fit: handler, rank: handler }
    const send = serve(scope, () => handlers)
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
    const first = createDeferred<undefined>()
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
      onProgress({ phase: 'fit', done: 1, total: 2 })
      await settled()
      signal.throwIfAborted()
    })
    send(rank(7))
    await expect.poll(() => received.length).toBe(1)
    expect(received[0]).toEqual({
      kind: 'progress',
      id: 7,
      progress: { phase: 'fit', done: 1, total: 2 },
    })
    send({ kind: 'cancel', id: 7 })
    await expect.poll(() => received.length).toBe(2)
    expect(received[1]).toMatchObject({ kind: 'failure', id: 7 })
  })
})

test('a retryable load runs once, and again only after a failure', async () => {
  let loads = 0
  const load = createRetryable(() => {
    loads++
    return loads === 1 ? Promise.reject(new Error('offline')) : Promise.resolve(loads)
  })
  await expect(load()).rejects.toThrow('offline')
  expect(await Promise.all([load(), load()])).toEqual([2, 2])
})
