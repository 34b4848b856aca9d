import {
  GradientSimilarity,
  IntegratedGradients,
  MemoryError,
  MemoryStore,
  type Predictor,
} from 'gradlens'
import { tfjsPredictor } from 'gradlens/tfjs'
import { connectPredictor } from 'gradlens/worker'
import { beforeAll, describe, expect, it } from 'vitest'
import { devices, useDevice } from '../../support/devices/devices.js'
import { createDeferred } from '../../support/deferred.js'
import { channelTo } from '../../support/devices/exposed-explainers.js'
import { seededRandom, uniform } from '../../support/random.js'
import { classifier, testX, trainClasses, trainX } from '../../support/models/small-nets.js'
import { tfjsClassifier } from '../../support/models/tfjs-nets.js'
import { withLossGradients, withSessions } from '../../support/models/changed-sessions.js'
import { randomTrial } from '../../support/trials/random-models.js'
import { warningsOf } from '../../support/trials/trial-run.js'
import { contentOf } from '../../support/stores/written-store.js'

const loss = 'sparseCategoricalCrossentropy'

const lossOfLogits = 'sparseCategoricalCrossentropyFromLogits'

const manyX = { data: Float32Array.from(uniform(seededRandom(3), 41 * 3, [-1, 1])), shape: [41, 3] }
const manyClasses = Array.from({ length: 41 }, (_, i) => i % 3)

const own = devices.filter((device) => device !== 'webgpu')

describe.each(own)('a predictor in two workers, on TensorFlow.js, %s', (device) => {
  beforeAll(() => useDevice('cpu'))

  it('has exactly the gradients, scores and stores of one model', async () => {
    const model = tfjsClassifier()
    using predictor = await connectPredictor([channelTo(() => model), channelTo(() => model)])
    const fill = async (used: Predictor): Promise<[unknown, unknown]> => {
      const store = new MemoryStore()
      using explainer = new GradientSimilarity(used, loss, {
        ...{ device, precomputeGrads: true, store, batchSize: 4, storeRowsPerChunk: 5 },
      })
      await explainer.fit(manyX, manyClasses)
      const { data } = await explainer.explain(testX)
      return [data, await contentOf(store)]
    }
    expect(await fill(predictor)).toEqual(await fill(model))
  })

  it('fills identical stores for generated models', async () => {
    for (let seed = 1; seed <= 12; seed++) {
      const { trial, batchSizes, description } = randomTrial(seed)
      const predictorOf = (): Predictor => tfjsPredictor(trial.model) as Predictor
      const examples = trial.examples(11)
      const fill = async (used: Predictor, batchSize: number): Promise<unknown> => {
        const store = new MemoryStore()
        using explainer = new GradientSimilarity(used, lossOfLogits, {
          ...{ device, precomputeGrads: true, store, batchSize, storeRowsPerChunk: 4 },
        })
        await explainer.fit(examples.x, examples.y)
        return await contentOf(store)
      }
      await warningsOf(async () => {
        const predictor = await connectPredictor([channelTo(predictorOf), channelTo(predictorOf)])
        const [batchSize = 1] = batchSizes
        const content = await fill(predictor, batchSize)
        expect(content, `seed ${seed}: ${description}`).toEqual(
          await fill(predictorOf(), batchSize),
        )
        predictor[Symbol.dispose]()
      })
      trial.dispose()
    }
  })

  it('chooses the batch size of the model in the page', async () => {
    const model = tfjsClassifier()
    const sizesOf = async (used: Predictor): Promise<number[]> => {
      const done: number[] = []
      using explainer = new GradientSimilarity(used, loss, { device, precomputeGrads: true })
      await explainer.fit(manyX, manyClasses, { onProgress: (event) => done.push(event.done) })
      return done
    }
    // So large that 'auto' doesn't compute two examples in one pass.
    const large = (): Predictor =>
      withSessions(model, () => ({ exampleBytes: () => Promise.resolve(2 ** 25) }))
    using predictor = await connectPredictor([channelTo(large), channelTo(large)])
    const done = await sizesOf(predictor)
    expect(done).toEqual(await sizesOf(large()))
    expect(done).toHaveLength(41)
  })

  it('restricts gradients to the chosen parameters, as in the page', async () => {
    const model = tfjsClassifier()
    const chosen = model.parameters[0]!.name
    using predictor = await connectPredictor([channelTo(() => model), channelTo(() => model)])
    const scores = async (used: Predictor): Promise<unknown> => {
      const options = { device, parameters: (name: string) => name === chosen }
      using explainer = new GradientSimilarity(used, loss, options)
      await explainer.fit(trainX, trainClasses)
      return (await explainer.explain(testX)).data
    }
    expect(await scores(predictor)).toEqual(await scores(model))
  })

  it('integrates one path in both workers', async () => {
    using predictor = await connectPredictor([
      channelTo(() => tfjsClassifier()),
      channelTo(() => tfjsClassifier()),
    ])
    using explainer = new IntegratedGradients(predictor, { device, nSteps: 21 })
    using local = new IntegratedGradients(tfjsClassifier(), { device, nSteps: 21 })
    const [remote] = (await explainer.explain(testX[0]!, { target: 2 })).attributions
    const [expected] = (await local.explain(testX[0]!, { target: 2 })).attributions
    // Sums of float32 numbers of order 1, taken in other parts.
    remote!.data.forEach((value, k) => {
      expect(Math.abs(value - expected!.data[k]!)).toBeLessThan(1e-6)
    })
  })
})

describe('a predictor in workers', () => {
  const exposed = (): Predictor => classifier() as Predictor

  it('runs one pass in each worker at the same time', async () => {
    let running = 0
    let most = 0
    const three = createDeferred<undefined>()
    const counted = (): Predictor =>
      withLossGradients(classifier(), (compute) => async (x, y, lossFn) => {
        running++
        most = Math.max(most, running)
        if (running === 3) three.resolve(undefined)
        // The first passes wait for each other.
        await three.promise
        running--
        return compute(x, y, lossFn)
      })
    using predictor = await connectPredictor([
      channelTo(counted),
      channelTo(counted),
      channelTo(counted),
    ])
    using explainer = new GradientSimilarity(predictor, loss, {
      precomputeGrads: true,
      batchSize: 2,
    })
    await explainer.fit(manyX, manyClasses)
    expect(most).toBe(3)
  })

  it('continues with smaller batches after memory ran out in one worker, with the same gradients', async () => {
    const small = (): Predictor =>
      withLossGradients(
        classifier(),
        (compute) => (x, y, lossFn) =>
          x[0]!.shape[0]! > 3
            ? Promise.reject(new MemoryError('cpu', 'too many'))
            : compute(x, y, lossFn),
      )
    using predictor = await connectPredictor([channelTo(small), channelTo(small)])
    using explainer = new GradientSimilarity(predictor, loss, {
      precomputeGrads: true,
      batchSize: 8,
    })
    using local = new GradientSimilarity(exposed(), loss, { precomputeGrads: true })
    await explainer.fit(manyX, manyClasses)
    await local.fit(manyX, manyClasses)
    expect((await explainer.explain(testX)).data).toEqual((await local.explain(testX)).data)
  })

  it("refuses workers with different weights, no workers, and values that aren't workers", async () => {
    using predictor = await connectPredictor([
      channelTo(exposed),
      channelTo(() => classifier(7) as Predictor),
    ])
    using explainer = new GradientSimilarity(predictor, loss, { device: 'cpu' })
    await explainer.fit(trainX, trainClasses)
    await expect(explainer.explain(testX)).rejects.toMatchObject({
      name: 'InvalidArgumentError',
      argument: 'workers',
    })
    await expect(connectPredictor([])).rejects.toMatchObject({ argument: 'workers' })
    await expect(connectPredictor({} as never)).rejects.toMatchObject({ argument: 'worker' })
  })

  it('refuses webgpu, and suggests explainers in the worker', async () => {
    using predictor = await connectPredictor(channelTo(exposed))
    using explainer = new IntegratedGradients(predictor)
    await explainer.explain(testX, { target: 0 })
    expect(explainer.fallbackReason).toContain('expose the explainers there')
  })

  it('refers to layers by name', async () => {
    await useDevice('cpu')
    using predictor = await connectPredictor(channelTo(() => tfjsClassifier()))
    using wrong = new IntegratedGradients(predictor, { layer: () => null })
    await expect(wrong.explain(testX, { target: 0 })).rejects.toMatchObject({ argument: 'layer' })
    using missing = new IntegratedGradients(predictor, { layer: 'no such layer', device: 'cpu' })
    await expect(missing.explain(testX, { target: 0 })).rejects.toMatchObject({
      name: 'InvalidArgumentError',
    })
  })
})
