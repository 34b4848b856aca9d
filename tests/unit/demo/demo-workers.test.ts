import type { Predictor } from 'gradlens'
import type { ExplainerWorker } from 'gradlens/worker'
import { describe, expect, test, vi } from 'vitest'
import { ExplainingWorker } from '../../../demo/explaining/explaining-worker.js'
import { KeptExplainer } from '../../../demo/explaining/kept-explainer.js'
import { readWorkerName, writeWorkerName } from '../../../demo/workers/worker-name.js'
import { createDeferred } from '../../support/deferred.js'
import { channelTo } from '../../support/devices/exposed-explainers.js'
import { classifier, testX } from '../../support/models/small-nets.js'

const exposed = (): Predictor => classifier() as Predictor
const { signal } = new AbortController()

describe("a page's worker", () => {
  test('does one piece of work after the other', async () => {
    const worker = new ExplainingWorker(() => channelTo(exposed))
    let running = 0
    let most = 0
    const work = async (): Promise<void> => {
      most = Math.max(most, ++running)
      await new Promise((resolve) => setTimeout(resolve))
      running--
    }
    await Promise.all([1, 2, 3].map(() => worker.run(signal, work)))
    expect(most).toBe(1)
  })

  test('never begins work that was aborted while it waited, and goes on after a failure', async () => {
    const worker = new ExplainingWorker(() => channelTo(exposed))
    const first = createDeferred<undefined>()
    const failing = worker.run(signal, () => first.promise)
    const controller = new AbortController()
    const begun = vi.fn(() => Promise.resolve())
    const aborted = worker.run(controller.signal, begun)
    controller.abort(new Error('enough'))
    first.reject(new Error('broken'))
    await expect(failing).rejects.toThrow('broken')
    await expect(aborted).rejects.toThrow('enough')
    expect(begun).not.toHaveBeenCalled()
    const outputs = await worker.run(signal, (explainers) => explainers.predict(testX))
    expect(outputs.shape).toEqual([2, 3])
  })

  test('replaces a worker whose model could not be loaded, and one that stopped', async () => {
    const stops: (() => void)[] = []
    let starts = 0
    const start = (): ExplainerWorker => {
      const isFirst = starts++ === 0
      const port = channelTo(() => (isFirst ? Promise.reject(new Error('offline')) : exposed()))
      return {
        postMessage: (message, transfer) => {
          port.postMessage(message, transfer)
        },
        addEventListener: (type: string, listener: (event: never) => void) => {
          if (type === 'error') {
            stops.push(() => {
              listener({ message: 'crash', preventDefault: () => undefined } as never)
            })
          }
          port.addEventListener(type as 'message', listener as () => void)
        },
        start: () => port.start?.(),
      }
    }
    const worker = new ExplainingWorker(start)
    const predict = (): Promise<unknown> =>
      worker.run(signal, (explainers) => explainers.predict(testX))
    await expect(predict()).rejects.toThrow('offline')
    await predict()
    expect([starts, worker.generation]).toEqual([2, 1])
    for (const stop of stops) stop()
    expect(worker.generation).toBe(2)
    await predict()
    expect(starts).toBe(3)
  })
})

test('a kept explainer is created again, and the old one disposed of, where its key changes', () => {
  const disposed: string[] = []
  const create = (name: string) => (): Disposable & { name: string } => ({
    name,
    [Symbol.dispose]: () => disposed.push(name),
  })
  const kept = new KeptExplainer<Disposable & { name: string }>()
  expect(kept.get([1, 'wasm'], create('a')).name).toBe('a')
  expect(kept.get([1, 'wasm'], create('b')).name).toBe('a')
  expect(kept.get([1, 'cpu'], create('c')).name).toBe('c')
  expect(disposed).toEqual(['a'])
})

test('a worker reads from its name how to start', () => {
  const start = { folder: 'https://localhost/a folder/mnist/?x=1&y', device: 'wasm' } as const
  expect(readWorkerName(writeWorkerName(start))).toEqual(start)
})
