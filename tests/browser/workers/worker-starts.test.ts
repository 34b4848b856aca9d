import { isGradlensError } from 'gradlens'
import { connectPredictor } from 'gradlens/worker'
import { expect, it } from 'vitest'
import { liveWorkers } from '../../support/workers/live-workers.js'
import { connectWorker, startWorker } from '../../support/workers/start-workers.js'

/** Longer than the test may take: what is reported earlier is reported for another reason. */
const timeoutMs = 3_600_000

it.each([
  ['missing', /its script could not be loaded\. Check its address/],
  ['failing', /nothing caught: .*no-such-module/],
  ['throwing', /nothing caught: .*The licence has expired\.$/],
] as const)(
  'reports a worker whose script is %s, before the time to connect is over',
  async (name, message) => {
    const explainers = connectWorker(name, { timeoutMs })
    const error: unknown = await explainers.ready.catch((reason: unknown) => reason)
    expect(isGradlensError(error, 'DeviceError') && error.device).toBe('worker')
    expect((error as Error).message).toMatch(message)
    await expect(explainers.predict([[1]])).rejects.toBe(error)
  },
)

it('reports a worker whose script exposes nothing, and ends it', async () => {
  const before = liveWorkers()
  const explainers = connectWorker('silent', { timeoutMs: 1_000 })
  await expect(explainers.ready).rejects.toMatchObject({
    name: 'DeviceError',
    message: expect.stringContaining('did not call exposeExplainers within 1 seconds') as string,
  })
  expect(liveWorkers()).toBe(before)
})

it('ends all workers of a predictor if one of them does not start', async () => {
  const before = liveWorkers()
  await expect(connectPredictor([startWorker(), startWorker('missing')])).rejects.toMatchObject({
    name: 'DeviceError',
  })
  expect(liveWorkers()).toBe(before)
})

it('connects to a worker that was ready before the page listened', async () => {
  const worker = startWorker()
  // Its own message arrives, and nothing listens.
  await new Promise((resolve) => {
    worker.addEventListener('message', resolve, { once: true })
  })
  using predictor = await connectPredictor(worker)
  expect(predictor.inputs).toHaveLength(1)
})
