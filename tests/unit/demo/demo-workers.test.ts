import type { Predictor } from 'gradlens'
import type { ExplainerWorker } from 'gradlens/worker'
import { describe, expect, test, vi } from 'vitest'
import { ExplainingWorker } from '../../../demo/explaining/explaining-worker.js'
import { KeptExplainer } from '../../../demo/explaining/kept-explainer.js'
import { readWorkerName, writeWorkerName } from '../../../demo/workers/worker-name.js'
import { channelTo } from '../../support/devices/exposed-explainers.js'
import { classifier, testX } from '../../support/models/small-nets.js'

const exposed = (): Predictor => classifier() as Predictor

describe("a page's worker", () => {
  test('starts once, when it is needed', async () => {
    const start = vi.fn(() => channelTo(exposed))
    const worker = new ExplainingWorker(start)
    expect(start).not.toHaveBeenCalled()
    const [outputs] = await Promise.all([
      worker.explainers.predict(testX),
      worker.explainers.predict(testX),
    ])
    expect(outputs.shape).toEqual([2, 3])
    expect(start).toHaveBeenCalledTimes(1)
  })

  test('replaces a worker whose model could not be loaded, and one that crashed or was stopped', async () => {
    const crashes: (() => void)[] = []
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
            crashes.push(() => {
              listener({ message: 'crash', preventDefault: () => undefined } as never)
            })
          }
          port.addEventListener(type as 'message', listener as () => void)
        },
        start: () => port.start?.(),
      }
    }
    const worker = new ExplainingWorker(start)
    const predict = (): Promise<unknown> => worker.explainers.predict(testX)
    await expect(predict()).rejects.toThrow('offline')
    await predict()
    expect(starts).toBe(2)
    for (const crash of crashes) crash()
    await predict()
    expect(starts).toBe(3)
    const { explainers } = worker
    worker.stop()
    await expect(explainers.predict(testX)).rejects.toThrow('disposed')
    await predict()
    expect(starts).toBe(4)
  })
})

test('a cached explainer is created again, and the old one disposed, when its key changes', () => {
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
  const folder = 'https://localhost/a folder/mnist/?x=1&y'
  for (const channel of ['', 'a channel & more']) {
    const start = { folder, device: 'wasm', channel } as const
    expect(readWorkerName(writeWorkerName(start))).toEqual(start)
  }
})
