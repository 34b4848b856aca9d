import * as gradlens from 'gradlens'
import type { GradientBlock, Predictor } from 'gradlens'
import { connectExplainers, connectPredictor, exposeExplainers } from 'gradlens/worker'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { createDeferred } from '../../support/deferred.js'
import { channelTo, throughChannel } from '../../support/devices/exposed-explainers.js'
import { withLossGradients } from '../../support/models/changed-sessions.js'
import { classifier, testX, trainClasses, trainX } from '../../support/models/small-nets.js'

const exposed = (): Predictor => classifier() as Predictor
const loss = 'sparseCategoricalCrossentropy'

function openChannel(): MessageChannel {
  const channel = new MessageChannel()
  onTestFinished(() => {
    channel.port1.close()
    channel.port2.close()
  })
  return channel
}

describe('the handshake with a worker', () => {
  it('reports a worker that exposes nothing, and what to do', async () => {
    const { port1 } = openChannel()
    const remote = connectExplainers(port1, { timeoutMs: 50 })
    const silence = {
      name: 'DeviceError',
      device: 'worker',
      message: expect.stringMatching(
        /did not call exposeExplainers within 0\.05 seconds\..*reportError.*timeoutMs/,
      ) as string,
    }
    await expect(remote.ready).rejects.toMatchObject(silence)
    using explainer = remote.gradient()
    await expect(explainer.explain(testX)).rejects.toMatchObject(silence)
    await expect(connectPredictor(openChannel().port1, { timeoutMs: 50 })).rejects.toMatchObject(
      silence,
    )
  })

  it('waits for a model that takes longer to load', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    onTestFinished(() => {
      vi.useRealTimers()
    })
    const model = createDeferred<Predictor>()
    using remote = connectExplainers(
      channelTo(() => model.promise),
      { timeoutMs: 100 },
    )
    expect(vi.getTimerCount()).toBe(1)
    // The worker has called exposeExplainers.
    await expect.poll(() => vi.getTimerCount()).toBe(0)
    vi.useRealTimers()
    model.resolve(exposed())
    expect((await remote.ready).parameters).toHaveLength(4)
  })

  it('succeeds whichever side is ready first', async () => {
    const { port1, port2 } = openChannel()
    using early = connectExplainers(port1)
    await new Promise((resolve) => setTimeout(resolve, 20))
    exposeExplainers(port2, exposed)
    port2.start()
    await early.ready
    const late = openChannel()
    exposeExplainers(late.port2, exposed)
    late.port2.start()
    late.port1.start()
    // The messages that the worker sends unasked arrive before anything listens.
    await new Promise((resolve) => setTimeout(resolve, 20))
    using connected = connectExplainers(late.port1)
    await connected.ready
  })

  it.each([0, -1, Infinity, NaN, 2 ** 31, '5' as never])('refuses %s as timeoutMs', (timeoutMs) => {
    const { port1 } = openChannel()
    const refusal = { name: 'InvalidArgumentError', argument: 'timeoutMs' }
    expect(() => connectExplainers(port1, { timeoutMs })).toThrow(
      expect.objectContaining(refusal) as Error,
    )
    expect(() => connectExplainers(port1, { timeout: 5 } as never)).toThrow(/timeoutMs/)
  })
})

/** One error of each class, with fields of its own. */
const errors = [
  new gradlens.InvalidArgumentError('x', 'nothing', 'an array'),
  new gradlens.NonFiniteError('x', NaN, [2, 3], 'Look at the data.'),
  new gradlens.NotFittedError('Call fit first.'),
  new gradlens.DisposedError('It was disposed.'),
  new gradlens.ModelChangedError('The model changed.'),
  new gradlens.UnsupportedError('fft', 'fft is not supported.'),
  new gradlens.DeviceError('webgpu', 'The device was lost.', { cause: new TypeError('why') }),
  new gradlens.MemoryError('wasm', 'It is full.', { byteLength: 12 }),
  new gradlens.StoreError('damaged', 'It is damaged.', { array: 'w', chunk: 3, status: 206 }),
]

describe('errors of a worker', () => {
  it('are tested for every public class', () => {
    const classes = Object.values(gradlens).filter(
      (value) => typeof value === 'function' && value.prototype instanceof gradlens.GradlensError,
    )
    expect(new Set(errors.map((error) => error.constructor))).toEqual(new Set(classes))
  })

  it.each(errors)('keep their class, fields and cause: $name', async (error) => {
    const remote = throughChannel(() => {
      throw error
    })
    const received = await remote.ready.then(
      () => undefined,
      (reason: unknown) => reason as gradlens.GradlensError,
    )
    expect(received).toBeInstanceOf(error.constructor)
    expect(received).toBeInstanceOf(gradlens.GradlensError)
    expect(gradlens.isGradlensError(received, error.name as 'DeviceError')).toBe(true)
    expect(Object.entries(received!)).toEqual(Object.entries(error))
    expect([received?.name, received?.message]).toEqual([error.name, error.message])
    expect((received?.cause as Error | undefined)?.message).toBe(
      (error.cause as Error | undefined)?.message,
    )
  })
})

type Post = (message: unknown, given?: Transferable[] | StructuredSerializeOptions) => void

/** Records the byte lengths of the buffers that a port transfers, before and after. */
function watchTransfers(port: MessagePort): { before: number[]; after: number[] } {
  const seen = { before: [] as number[], after: [] as number[] }
  const post = port.postMessage.bind(port) as Post
  vi.spyOn(port, 'postMessage').mockImplementation(((message, given) => {
    const transfer = (Array.isArray(given) ? given : given!.transfer!) as ArrayBuffer[]
    seen.before.push(...transfer.map(({ byteLength }) => byteLength))
    post(message, given)
    seen.after.push(...transfer.map(({ byteLength }) => byteLength))
  }) as Post)
  return seen
}

describe('arrays in messages', () => {
  it('are transferred in both directions, and the page keeps its own', async () => {
    const { port1, port2 } = openChannel()
    const sent = watchTransfers(port1)
    const returned = watchTransfers(port2)
    exposeExplainers(port2, exposed)
    port2.start()
    using remote = connectExplainers(port1)
    using explainer = remote.gradient()
    const data = Float32Array.from(testX.flat())
    const x = { data, shape: [2, 3] }
    const { attributions } = await explainer.explain(x, { target: Int32Array.of(0, 1) })
    expect(sent.before).toContain(data.byteLength)
    expect(returned.before).toContain(attributions[0]!.data.byteLength)
    expect([...sent.after, ...returned.after].filter((length) => length > 0)).toEqual([])
    expect(Array.from(data)).toEqual(Array.from(Float32Array.from(testX.flat())))
    using similarity = remote.gradientSimilarity(loss)
    const xTrain = { data: Float32Array.from(trainX.flat()), shape: [6, 3] }
    const yTrain = { data: Int32Array.from(trainClasses), shape: [6] }
    await similarity.fit(xTrain, yTrain)
    expect([data.byteLength, xTrain.data.byteLength, yTrain.data.byteLength]).toEqual([24, 72, 24])
    const { mostSimilar } = await similarity.explain(x)
    expect(returned.before).toContain((mostSimilar as gradlens.NdArray).data.byteLength)
  })

  it('are not copied where a session owns them, and are where it does not', async () => {
    const values = Float32Array.of(1, 2, 3, 4, 5, 6)
    const rank = async (release: GradientBlock['release']): Promise<number> => {
      const own = values.slice()
      const predictor = withLossGradients(classifier(), () => () => {
        const segments = [{ kind: 'dense', parameter: 'w', size: 6, values: own } as const]
        return Promise.resolve({ exampleCount: 1, segments, release })
      })
      using connected = await connectPredictor(channelTo(() => predictor))
      const session = await connected.open('cpu', { allowSoftware: true })
      const block = (await session.lossGradients(
        [{ data: Float32Array.of(1, 2, 3), shape: [1, 3] }],
        {} as never,
        {} as never,
      )) as GradientBlock
      session[Symbol.dispose]()
      expect(block.segments).toMatchObject([{ kind: 'dense', values }])
      expect(block.release).toBeTypeOf('function')
      return own.byteLength
    }
    expect(await rank(() => undefined)).toBe(0)
    expect(await rank(undefined)).toBe(values.byteLength)
  })
})
