import {
  type ExampleSource,
  GradientSimilarity,
  type LabelInput,
  type LabelWeights,
  MemoryStore,
  type NamedLoss,
  openGradientStore,
} from 'gradlens'
import { describe, expect, it } from 'vitest'
import { expectError } from '../support/refusals.js'
import { gridScorer, testX, trainClasses, trainX } from '../support/models/small-nets.js'

const loss: NamedLoss = {
  name: 'sparseCategoricalCrossentropyFromLogits',
  ignoreLabel: -1,
  classWeight: [1, 3, 0.5],
}

const settings = {
  device: 'cpu',
  batchSize: 2,
  precomputeGrads: true,
  storeRowsPerChunk: 2,
} as const

/** The second position of every other example is padding. */
const labels = trainClasses.map((k, i) => [k, i % 2 === 0 ? -1 : 2 - k])

const sampleWeight = [1, 2, 0.5, 1, 3, 1]

const y: LabelInput = { labels, sampleWeight }

async function filled(given: LabelInput = y, own: NamedLoss = loss): Promise<MemoryStore> {
  const store = new MemoryStore()
  using explainer = new GradientSimilarity(gridScorer(), own, { ...settings, store })
  await explainer.fit(trainX, given)
  return store
}

/** A store that holds four of the six examples. */
async function unfinished(): Promise<MemoryStore> {
  const store = new MemoryStore()
  const controller = new AbortController()
  using explainer = new GradientSimilarity(gridScorer(), loss, { ...settings, store })
  const fit = explainer.fit(trainX, y, {
    signal: controller.signal,
    onProgress: ({ done }) => {
      if (done === 6) controller.abort()
    },
  })
  await expect(fit).rejects.toMatchObject({ name: 'AbortError' })
  return store
}

describe('a store of a loss with options', () => {
  it('ranks as gradients in memory do', async () => {
    using inMemory = new GradientSimilarity(gridScorer(), loss, settings)
    await inMemory.fit(trainX, y)
    using opened = await GradientSimilarity.open(await filled(), gridScorer(), loss, {
      device: 'cpu',
    })
    const question: LabelInput = {
      labels: [
        [0, -1],
        [2, 1],
      ],
      sampleWeight: [2, 1],
    }
    const expected = await inMemory.explain(testX, question)
    const found = await opened.explain(testX, question)
    expect(found.data).toEqual(expected.data)
    expect(found.params).toMatchObject({
      lossFn: loss.name,
      lossOptions: { ignoreLabel: -1, classWeight: [1, 3, 0.5] },
    })
  })

  it.each<[string, NamedLoss]>([
    ['no options', { name: loss.name }],
    ['another ignored label', { ...loss, ignoreLabel: 0 }],
    ['another class weight', { ...loss, classWeight: [1, 3, 0.25] }],
    ['another reduction', { ...loss, reduction: 'sum' }],
  ])('is refused for a loss with %s', async (_, other) => {
    const opening = GradientSimilarity.open(await filled(), gridScorer(), other, { device: 'cpu' })
    const error = await expectError(
      () => opening,
      'StoreError',
      `the loss is ${loss.name} {"classWeight":[[0,1],[1,3],[2,0.5]],"ignoreLabel":-1}`,
    )
    expect(error).toMatchObject({ failure: 'different' })
  })

  it('can be opened with the same options in another form and order', async () => {
    const same: NamedLoss = {
      classWeight: { 2: 0.5, 0: 1, 1: 3 },
      ignoreLabel: -1,
      name: loss.name,
      gamma: undefined,
    }
    using opened = await GradientSimilarity.open(await filled(), gridScorer(), same, {
      device: 'cpu',
    })
    expect((await opened.explain(testX)).scores.shape).toEqual([2, 6])
  })

  it('contains the weights of the positions, with the labels', async () => {
    const reader = await openGradientStore(await filled())
    const factors = await reader.readLabelFactors(0, 6)
    expect(factors?.shape).toEqual([6, 2])
    const weights = loss.classWeight as readonly number[]
    const expected = labels.flatMap((own, i) =>
      own.map((label) => {
        const count = own.filter((k) => k >= 0).length
        return label < 0 ? 0 : (weights[label]! * sampleWeight[i]!) / count
      }),
    )
    expect([...factors!.data]).toEqual(expected)
    expect([...(await reader.readLabels(0, 6)).data]).toEqual(
      labels.flat().map((k) => Math.max(k, 0)),
    )
  })

  it('has no factors if all positions count the same', async () => {
    const plain = await filled(
      trainClasses.map((k) => [k, k]),
      { name: loss.name },
    )
    expect(await (await openGradientStore(plain)).readLabelFactors(0, 6)).toBeNull()
  })

  it('resumes after an interruption, and is refused for other weights', async () => {
    const store = await unfinished()
    const others: LabelInput = { labels, sampleWeight: [1, 2, 0.5, 2, 3, 1] }
    using explainer = new GradientSimilarity(gridScorer(), loss, { ...settings, store })
    await expect(explainer.fit(trainX, others)).rejects.toMatchObject({
      name: 'StoreError',
      failure: 'different',
      message: expect.stringContaining('the label weight of row 3 differs') as string,
    })
    await explainer.fit(trainX, y)
    const [whole, undisturbed] = await Promise.all(
      [store, await filled()].map(async (each) =>
        (await openGradientStore(each)).readGradients(0, 6),
      ),
    )
    expect(whole).toEqual(undisturbed)
  })

  it('is filled from sources of labels with weights, but not if only some have weights', async () => {
    const x: ExampleSource<number[][]> = {
      exampleCount: 6,
      read: (start, end) => trainX.slice(start, end).map((row) => [...row]),
    }
    const source = (isWeighted: (start: number) => boolean): ExampleSource<LabelInput> => ({
      exampleCount: 6,
      read: (start, end) => {
        const weights: LabelWeights = { sampleWeight: sampleWeight.slice(start, end) }
        const own = trainClasses.slice(start, end).map((k) => [k, k])
        return isWeighted(start) ? { labels: own, ...weights } : own
      },
    })
    const plain: NamedLoss = { name: loss.name }
    const fit = async (yTrain: ExampleSource<LabelInput>): Promise<MemoryStore> => {
      const store = new MemoryStore()
      using explainer = new GradientSimilarity(gridScorer(), plain, { ...settings, store })
      await explainer.fit(x, yTrain)
      return store
    }
    const weighted = await openGradientStore(await fit(source(() => true)))
    const expected = await openGradientStore(
      await filled({ labels: trainClasses.map((k) => [k, k]), sampleWeight }, plain),
    )
    expect(await weighted.readGradients(0, 6)).toEqual(await expected.readGradients(0, 6))
    await expectError(
      () => fit(source((start) => start < 4)),
      'InvalidArgumentError',
      'labelFactors: got none from row 4 on; expected a weight or mask for all rows, or for none',
    )
  })
})
