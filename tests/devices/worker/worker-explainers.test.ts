import {
  Explanation,
  ExpectedGradients,
  Gradient,
  GradientSimilarity,
  IntegratedGradients,
  InvalidArgumentError,
  MemoryStore,
  NonFiniteError,
  type Predictor,
  type Progress,
  StoreError,
} from 'gradlens'
import { InfluenceFunctions, rankSuspectLabels, TracIn } from 'gradlens/influence'
import { beforeAll, describe, expect, it } from 'vitest'
import { devices, useDevice } from '../../support/devices/devices.js'
import { throughChannel } from '../../support/devices/exposed-explainers.js'
import { withSessions } from '../../support/models/changed-sessions.js'
import { classifier, testX, trainClasses, trainX } from '../../support/models/small-nets.js'
import { tfjsClassifier } from '../../support/models/tfjs-nets.js'

const loss = 'sparseCategoricalCrossentropy'

async function rejection(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    () => new Error('It did not reject.'),
    (error: unknown) => error,
  )
}

describe.each(devices)('explainers in a worker, on TensorFlow.js, %s', (device) => {
  beforeAll(() => useDevice('cpu'))

  it('rank as the same explainer in the page', async () => {
    const remote = throughChannel(() => tfjsClassifier())
    using explainer = remote.gradientSimilarity(loss, { device, precomputeGrads: true })
    using local = new GradientSimilarity(tfjsClassifier(), loss, { device, precomputeGrads: true })
    expect(explainer.device).toBeNull()
    expect(await explainer.fit(trainX, trainClasses)).toBe(explainer)
    await local.fit(trainX, trainClasses)
    const explanation = await explainer.explain(testX)
    const expected = await local.explain(testX)
    expect(explanation.data).toEqual(expected.data)
    expect(JSON.stringify(explanation)).toBe(JSON.stringify(expected))
    expect(explainer.device).toBe(device)
    expect(explainer.gradientBytes).toBe(local.gradientBytes)
  })

  it('estimate a fit as the same explainer in the page', async () => {
    // One model: the names of its parameters are numbered in the page.
    const predictor = tfjsClassifier()
    const remote = throughChannel(() => predictor)
    using explainer = remote.gradientSimilarity(loss, { device, precomputeGrads: true })
    using local = new GradientSimilarity(predictor, loss, { device, precomputeGrads: true })
    const { seconds, ...sizes } = await explainer.estimate(trainX, trainClasses)
    const expected = await local.estimate(trainX, trainClasses)
    expect({ ...sizes, seconds: expected.seconds }).toEqual(expected)
    expect(seconds).toBeGreaterThan(0)
    const source = {
      exampleCount: 60,
      read: (start: number, end: number) =>
        Array.from({ length: end - start }, (_, k) => trainX[(start + k) % trainX.length]!),
    }
    const predicted = await explainer.estimate(source)
    expect(predicted.memoryBytes).toBe(10 * sizes.memoryBytes)
    await explainer.fit(trainX, trainClasses)
    expect(explainer.gradientBytes).toBe(sizes.memoryBytes)
  })

  it('find influence as the same explainers in the page', async () => {
    const models = [tfjsClassifier(1), tfjsClassifier(2)]
    const stores = await Promise.all(
      models.map(async (model) => {
        const store = new MemoryStore()
        using writer = new GradientSimilarity(model, loss, {
          ...{ device, precomputeGrads: true, store },
        })
        await writer.fit(trainX, trainClasses)
        return store
      }),
    )
    const remote = throughChannel(() => ({
      predictor: models[1]!,
      values: { first: models[0], last: models[1], firstStore: stores[0], lastStore: stores[1] },
    }))
    const checkpoints = [
      { predictor: remote.value('first'), learningRate: 0.5 },
      { predictor: remote.value('last'), learningRate: 0.1 },
    ]
    const rates = [0.5, 0.1]
    using local = new TracIn(
      models.map((predictor, i) => ({ predictor, learningRate: rates[i]! })),
      loss,
      { device },
    )
    await local.fit(trainX, trainClasses)
    const expected = await local.explain(testX, undefined, { aggregate: 'mean' })
    using explainer = remote.tracIn(checkpoints, loss, { device })
    await explainer.fit(trainX, trainClasses)
    using opened = remote.openTracIn(
      checkpoints.map((checkpoint, i) => ({
        ...checkpoint,
        store: remote.value(['firstStore', 'lastStore'][i]!),
      })),
      loss,
      { device },
    )
    for (const one of [explainer, opened]) {
      const explanation = await one.explain(testX, undefined, { aggregate: 'mean' })
      expect(explanation.data).toEqual(expected.data)
      expect((await one.selfInfluence()).data).toEqual((await local.selfInfluence()).data)
    }
  })

  it('have curvatures as the same explainer in the page', async () => {
    const predictor = tfjsClassifier()
    const store = new MemoryStore()
    const remote = throughChannel(() => ({ predictor, values: { store } }))
    const options = { device, precomputeGrads: true } as const
    using explainer = remote.influenceFunctions(loss, { ...options, store: remote.value('store') })
    using local = new InfluenceFunctions(predictor, loss, options)
    const { curvature } = await explainer.estimate(trainX, trainClasses)
    expect(curvature?.byteLength).toBe(
      (await local.estimate(trainX, trainClasses)).curvature?.byteLength,
    )
    await explainer.fit(trainX, trainClasses)
    await local.fit(trainX, trainClasses)
    using opened = remote.openInfluenceFunctions(remote.value('store'), loss, { device })
    for (const one of [explainer, opened]) {
      expect((await one.explain(testX)).data).toEqual((await local.explain(testX)).data)
    }
    await explainer.precompute(trainX, trainClasses)
    await opened.fitCurvature(trainX.slice(1), trainClasses.slice(1))
    await local.fitCurvature(trainX.slice(1), trainClasses.slice(1))
    expect((await opened.explain(testX)).data).toEqual((await local.explain(testX)).data)
    expect((await opened.selfInfluence()).data).toEqual((await local.selfInfluence()).data)
  })

  it('rank suspect labels as the same explainer in the page', async () => {
    const remote = throughChannel(() => tfjsClassifier())
    const options = { device, precomputeGrads: true } as const
    using explainer = remote.gradientSimilarity(loss, options)
    using local = new GradientSimilarity(tfjsClassifier(), loss, options)
    await explainer.fit(trainX, trainClasses)
    await local.fit(trainX, trainClasses)
    expect(JSON.stringify(await explainer.selfInfluence())).toBe(
      JSON.stringify(await local.selfInfluence()),
    )
    const suspects = await rankSuspectLabels(local, trainX, trainClasses, { neighbours: 2 })
    for (const remotely of [
      await rankSuspectLabels(explainer, trainX, trainClasses, { neighbours: 2 }),
      await explainer.rankSuspectLabels(trainX, trainClasses, { neighbours: 2 }),
    ]) {
      expect(JSON.stringify(remotely)).toBe(JSON.stringify(suspects))
    }
    await expect(explainer.rankSuspectLabels(trainX.slice(1), trainClasses)).rejects.toThrow(
      `yTrain: got ${trainClasses.length} labels for ${trainX.length - 1} examples`,
    )
  })

  it('attribute as the same explainers in the page', async () => {
    // One model: its layers' names, which the explanation has, are numbered in the page.
    const predictor = tfjsClassifier()
    const remote = throughChannel(() => predictor)
    using integrated = remote.integratedGradients({ device, nSteps: 7 })
    using gradient = remote.gradient({ device })
    using expected = remote.expectedGradients({ device, nSamples: 5 })
    using localIntegrated = new IntegratedGradients(predictor, { device, nSteps: 7 })
    using localGradient = new Gradient(predictor, { device })
    using localExpected = new ExpectedGradients(predictor, { device, nSamples: 5 })
    const [background, target] = [trainX, 1]
    expect((await integrated.explain(testX, { target })).data).toEqual(
      (await localIntegrated.explain(testX, { target })).data,
    )
    expect((await gradient.explain(testX, { target })).data).toEqual(
      (await localGradient.explain(testX, { target })).data,
    )
    expect((await expected.explain(testX, { background, target })).data).toEqual(
      (await localExpected.explain(testX, { background, target })).data,
    )
  })
})

describe('the connection to a worker', () => {
  const exposed = (): Predictor => classifier() as Predictor

  it('describes the model when it is loaded', async () => {
    const { inputs, output } = exposed()
    expect(await throughChannel(exposed).ready).toMatchObject({ inputs, output })
  })

  it('returns the model’s outputs', async () => {
    const outputs = await throughChannel(exposed).predict(testX)
    expect(outputs.shape).toEqual([2, 3])
    expect(outputs.data[0]! + outputs.data[1]! + outputs.data[2]!).toBeCloseTo(1, 6)
  })

  it('returns the outputs of many examples batch by batch, on a chosen device', async () => {
    const sizes: number[] = []
    const counted = (): Predictor =>
      withSessions(classifier(), (session) => ({
        predict: (x, ...rest) => {
          sizes.push(x[0]!.shape[0]!)
          return session.predict(x, ...rest)
        },
      })) as Predictor
    const remote = throughChannel(counted)
    const x = Array.from({ length: 250 }, (_, k) => testX[k % 2]!)
    using model = remote.model({ device: 'cpu' })
    expect(model.device).toBeNull()
    const outputs = await model.predict(x)
    expect(outputs.shape).toEqual([250, 3])
    expect(outputs.data.slice(-6)).toEqual((await remote.predict(testX)).data)
    expect(sizes.slice(0, 3)).toEqual([100, 100, 50])
    expect(model.device).toBe('cpu')
    using wrong = remote.model({ device: 'tpu' as never })
    await expect(wrong.ready).rejects.toMatchObject({ argument: 'device' })
  })

  it('resolves when an explainer is created, or rejects with the reason', async () => {
    const store = new MemoryStore()
    const remote = throughChannel(() => ({ predictor: exposed(), values: { store } }))
    using explainer = remote.gradientSimilarity(loss)
    await explainer.ready
    using wrong = remote.gradient({ nClasses: 'many' as never })
    await expect(wrong.ready).rejects.toMatchObject({ argument: 'nClasses' })
    using opened = remote.openGradientSimilarity(remote.value('store'), loss)
    await expect(opened.ready).rejects.toMatchObject({ name: 'StoreError', failure: 'missing' })
    explainer.dispose()
    await expect(explainer.ready).rejects.toMatchObject({ name: 'DisposedError' })
  })

  it('rejects every call with the reason why the model could not be loaded', async () => {
    const remote = throughChannel(() => {
      throw new InvalidArgumentError('model', 'none', 'a model')
    })
    const fault = { name: 'InvalidArgumentError', argument: 'model' }
    await expect(remote.ready).rejects.toMatchObject(fault)
    using explainer = remote.gradient()
    await expect(explainer.explain(testX)).rejects.toMatchObject(fault)
  })

  it('keeps the class and the fields of errors', async () => {
    const remote = throughChannel(exposed)
    using explainer = remote.integratedGradients()
    const invalid = await rejection(explainer.explain(testX, { target: 7 }))
    expect(invalid).toBeInstanceOf(InvalidArgumentError)
    expect(invalid).toMatchObject({ argument: 'target' })
    const infinite = await rejection(explainer.explain([[1, NaN, 2]], { target: 0 }))
    expect(infinite).toBeInstanceOf(NonFiniteError)
    expect(infinite).toMatchObject({ index: [0, 1], name: 'NonFiniteError' })
    using unfitted = remote.gradientSimilarity(loss)
    await expect(unfitted.explain(testX)).rejects.toMatchObject({ name: 'NotFittedError' })
    using wrong = remote.gradient({ device: 'tpu' as never })
    await expect(wrong.explain(testX)).rejects.toMatchObject({ argument: 'device' })
  })

  it('reports progress as the explainer does, and rejects with the error of the callback', async () => {
    const remote = throughChannel(exposed)
    using explainer = remote.gradientSimilarity(loss, { precomputeGrads: true, batchSize: 2 })
    const events: Progress[] = []
    await explainer.fit(trainX, trainClasses, { onProgress: (event) => events.push(event) })
    expect(events.map(({ done }) => done)).toEqual([2, 4, 6])
    const enough = new Error('enough')
    const call = explainer.fit(trainX, trainClasses, {
      onProgress: () => {
        throw enough
      },
    })
    await expect(call).rejects.toBe(enough)
    expect((await explainer.explain(testX)).scores.shape).toEqual([2, 6])
  })

  it('rejects with the signal’s reason at once, and stops the worker’s call', async () => {
    const remote = throughChannel(exposed)
    using explainer = remote.gradientSimilarity(loss, { precomputeGrads: true, batchSize: 1 })
    const controller = new AbortController()
    const reason = new Error('enough')
    const onProgress = (): void => {
      controller.abort(reason)
    }
    const { signal } = controller
    await expect(explainer.fit(trainX, trainClasses, { signal, onProgress })).rejects.toBe(reason)
    await expect(explainer.explain(testX)).rejects.toMatchObject({ name: 'NotFittedError' })
    await expect(explainer.fit(trainX, trainClasses, { signal })).rejects.toBe(reason)
  })

  it("doesn't change the page’s arrays", async () => {
    const remote = throughChannel(exposed)
    using explainer = remote.gradient()
    const all = Float32Array.from([9, 9, ...testX.flat()])
    const x = { data: all.subarray(2), shape: [2, 3] }
    const { attributions } = await explainer.explain(x, { target: 0 })
    expect(Array.from(all)).toEqual(Array.from(Float32Array.from([9, 9, ...testX.flat()])))
    using local = new Gradient(classifier())
    expect(attributions).toEqual((await local.explain(x, { target: 0 })).attributions)
  })

  it('reads a source of examples in the page, and rejects with its errors', async () => {
    const store = new MemoryStore()
    const remote = throughChannel(() => ({ predictor: exposed(), values: { store } }))
    const options = { precomputeGrads: true, store: remote.value('store') }
    const ranges: number[][] = []
    const source = (rows: readonly unknown[]): { exampleCount: number; read: never } => ({
      exampleCount: rows.length,
      read: ((start: number, end: number) => {
        ranges.push([start, end])
        return Promise.resolve(rows.slice(start, end))
      }) as never,
    })
    using explainer = remote.gradientSimilarity(loss, { ...options, batchSize: 4 })
    await explainer.fit(source(trainX), source(trainClasses))
    expect(ranges).toContainEqual([0, 4])
    expect(ranges).toContainEqual([4, 6])
    using opened = remote.openGradientSimilarity(remote.value('store'), loss)
    using local = new GradientSimilarity(classifier(), loss)
    await local.fit(trainX, trainClasses)
    expect((await opened.explain(testX)).orderedIndices).toEqual(
      (await local.explain(testX)).orderedIndices,
    )
    const unreadable = {
      exampleCount: 6,
      read: (): never => {
        throw new StoreError('unreachable', 'The disk is asleep.')
      },
    }
    using second = remote.gradientSimilarity(loss, { ...options, store: remote.value('other') })
    await expect(second.fit(trainX, trainClasses)).rejects.toMatchObject({
      message: expect.stringContaining(
        "'other'; expected a name in the worker's values: store",
      ) as string,
    })
    using third = remote.gradientSimilarity(loss, options)
    const failing = third.fit(unreadable, trainClasses)
    await expect(failing).rejects.toMatchObject({ name: 'StoreError', failure: 'unreachable' })
  })

  it('accepts functions by their names in the worker', async () => {
    const values = { targets: () => [2, 1] }
    const remote = throughChannel(() => ({ predictor: exposed(), values }))
    using explainer = remote.integratedGradients({ targetFn: remote.value('targets') })
    const { target } = await explainer.explain(testX)
    expect(Array.from(target!.data)).toEqual([2, 1])
    using refused = remote.integratedGradients({ targetFn: () => [2, 1] })
    await expect(refused.explain(testX)).rejects.toMatchObject({
      argument: 'targetFn',
      message: expect.stringContaining("explainers.value('name')") as string,
    })
  })

  it('accepts another model from the worker’s values', async () => {
    const values = { other: classifier(5) }
    const remote = throughChannel(() => ({ predictor: exposed(), values }))
    using explainer = remote.gradient()
    await explainer.resetPredictor(remote.value('other'))
    using local = new Gradient(classifier(5))
    expect((await explainer.explain(testX, { target: 0 })).data).toEqual(
      (await local.explain(testX, { target: 0 })).data,
    )
  })

  it('returns explanations that can be written and read again', async () => {
    const remote = throughChannel(exposed)
    using explainer = remote.gradientSimilarity(loss)
    await explainer.fit(trainX, trainClasses)
    const explanation = await explainer.explain(testX)
    const again = Explanation.fromJSON(JSON.stringify(explanation))
    expect(again.toJSON()).toEqual(explanation.toJSON())
  })

  it('refuses calls after dispose, of the explainer and of the connection', async () => {
    const remote = throughChannel(exposed)
    const explainer = remote.gradient()
    const running = explainer.explain(testX, { target: 0 })
    explainer.dispose()
    explainer.dispose()
    await expect(explainer.explain(testX)).rejects.toMatchObject({ name: 'DisposedError' })
    await running.catch(() => undefined)
    const other = remote.gradient()
    const pending = other.explain(testX, { target: 0 })
    remote.dispose()
    remote.dispose()
    await expect(pending).rejects.toMatchObject({ name: 'DisposedError' })
    await expect(other.explain(testX)).rejects.toMatchObject({ name: 'DisposedError' })
  })
})
