import {
  GradientSimilarity,
  type GradientSimilarityOptions,
  MemoryStore,
  type NdArray,
  openGradientStore,
  type ExampleSource,
} from 'gradlens'
import { expect, it } from 'vitest'
import {
  classifier,
  twoInputClassifier,
  testX,
  trainClasses,
  trainX,
} from '../../support/models/small-nets.js'
import { contentOf } from '../../support/stores/written-store.js'

const loss = 'sparseCategoricalCrossentropy'
const options = { device: 'cpu', batchSize: 4, storeRowsPerChunk: 3 } as const

/** A source of rows that records its requests. */
function source<Row>(rows: readonly Row[]): ExampleSource<Row[]> & { readonly asked: string[] } {
  const asked: string[] = []
  return {
    exampleCount: rows.length,
    asked,
    read: (start, end) => {
      asked.push(`${start}:${end}`)
      return Promise.resolve(rows.slice(start, end))
    },
  }
}

const into = (
  store: MemoryStore,
  more: GradientSimilarityOptions = {},
): GradientSimilarity<NdArray> =>
  new GradientSimilarity(classifier(), loss, { ...options, precomputeGrads: true, store, ...more })

async function fromArrays(): Promise<MemoryStore> {
  const store = new MemoryStore()
  using explainer = into(store)
  await explainer.fit(trainX, trainClasses)
  return store
}

it('fill a store with the same bytes as arrays, batch by batch, with the same explanations', async () => {
  const store = new MemoryStore()
  const [x, y] = [source(trainX as number[][]), source(trainClasses as number[])]
  using explainer = into(store)
  await explainer.fit(x, y)
  expect(x.asked).toEqual(['0:4', '4:6'])
  expect(y.asked).toEqual(x.asked)
  const arrays = await fromArrays()
  expect(await contentOf(store)).toEqual(await contentOf(arrays))
  using opened = await GradientSimilarity.open(arrays, classifier(), loss, { device: 'cpu' })
  const found = await explainer.explain(testX)
  expect(found.data).toEqual((await opened.explain(testX as number[][])).data)
})

it('can be combined with labels in an array, ranges and ids', async () => {
  const store = new MemoryStore()
  const ids = trainClasses.map((_, row) => 100 + row)
  using explainer = into(store, { storeExamples: false })
  const y = trainClasses as number[]
  await explainer.precompute(source(trainX as number[][]), y, { rows: { start: 3, end: 6 }, ids })
  await explainer.precompute(source(trainX as number[][]), y, {
    rows: { start: 0, end: 3 },
    ids: source(ids),
  })
  const { mergeGradientStore } = await import('gradlens/node')
  await mergeGradientStore(store)
  const reader = await openGradientStore(store)
  expect([...(await reader.readIds(0, 6)).data]).toEqual(ids)
  // Precomputing fits nothing.
  await expect(explainer.explain(testX as number[][])).rejects.toMatchObject({
    name: 'NotFittedError',
  })
})

it('are read again from the last complete chunk after an interruption or a failure', async () => {
  const store = new MemoryStore()
  const failing: ExampleSource<number[][]> = {
    exampleCount: trainX.length,
    read: (start, end) => {
      if (start > 0) throw new Error('The disk is gone.')
      return trainX.slice(start, end) as number[][]
    },
  }
  using explainer = into(store)
  await expect(explainer.fit(failing, trainClasses as number[])).rejects.toThrow(
    'The disk is gone.',
  )
  const controller = new AbortController()
  const stopping: ExampleSource<number[][]> = {
    exampleCount: trainX.length,
    read: (start, end, { signal }) => {
      if (start >= 4) controller.abort(new Error('enough'))
      signal?.throwIfAborted()
      return trainX.slice(start, end) as number[][]
    },
  }
  const { signal } = controller
  await expect(explainer.fit(stopping, trainClasses as number[], { signal })).rejects.toThrow(
    'enough',
  )
  const x = source(trainX as number[][])
  await explainer.fit(x, trainClasses)
  // The first three to hold them to what is stored, then whole batches.
  expect(x.asked).toEqual(['0:3', '0:4', '4:6'])
  expect(await contentOf(store)).toEqual(await contentOf(await fromArrays()))
})

it('are compared with what was stored before: labels, examples and ids', async () => {
  const store = new MemoryStore()
  using explainer = into(store)
  const x = source(trainX as number[][])
  await explainer.precompute(x, trainClasses, { ids: [5, 6, 7, 8, 9, 10] })
  const differs = (what: string, row: number): object => ({
    failure: 'different',
    message: expect.stringContaining(`the ${what} of row ${row} differs`) as string,
  })
  const moved = source([...trainX.slice(0, 4), trainX[0], trainX[5]] as number[][])
  await expect(explainer.fit(moved, trainClasses as number[])).rejects.toMatchObject(
    differs('example', 4),
  )
  const others = source([0, 1, 2, 0, 1, 1])
  await expect(explainer.fit(x, others)).rejects.toMatchObject(differs('label', 5))
  await expect(
    explainer.precompute(x, trainClasses as number[], { ids: [5, 6, 7, 8, 9, 11] }),
  ).rejects.toMatchObject(differs('id', 5))
})

it('of a model with several inputs return a list of arrays', async () => {
  const predictor = twoInputClassifier()
  const whole = predictor.inputs.map(({ shape }): NdArray => {
    const own = [4, ...shape.map((length) => length!)]
    const size = own.reduce((product, length) => product * length, 1)
    return { data: Float32Array.from({ length: size }, (_, i) => Math.sin(i)), shape: own }
  })
  const x: ExampleSource<NdArray[]> = {
    exampleCount: 4,
    read: (start, end) =>
      whole.map(({ data, shape: [, ...own] }) => {
        const size = own.reduce((product, length) => product * length, 1)
        return { data: data.subarray(start * size, end * size), shape: [end - start, ...own] }
      }),
  }
  const [lazy, eager] = [new MemoryStore(), new MemoryStore()]
  for (const [store, examples] of [
    [lazy, x],
    [eager, whole],
  ] as const) {
    using explainer = new GradientSimilarity(predictor, loss, {
      ...options,
      precomputeGrads: true,
      store,
    })
    await explainer.fit(examples, [0, 1, 2, 0])
  }
  expect(await contentOf(lazy)).toEqual(await contentOf(eager))
})

it.each([
  ['without a store', {}, source(trainX), 'xTrain', 'a source of rows'],
  [
    'of too few rows in a batch',
    { store: true },
    { exampleCount: 6, read: () => trainX.slice(0, 2) },
    'xTrain (rows 0 to 3)',
    '2 examples',
  ],
  [
    'of the wrong shape',
    { store: true },
    { exampleCount: 6, read: () => [[1], [2], [3], [4]] },
    'xTrain (rows 0 to 3)',
    'shape [4, 1]',
  ],
  [
    'without a number of rows',
    { store: true },
    { exampleCount: 0, read: () => [] },
    'xTrain.exampleCount',
    '0',
  ],
  [
    'without a function to read',
    { store: true },
    { exampleCount: 6, read: 'rows' },
    'xTrain.read',
    "'rows'",
  ],
  [
    'of another number of labels',
    { store: true },
    { exampleCount: 5, read: () => [] },
    'yTrain',
    '6 labels for 5 examples',
  ],
])('are refused %s', async (_, { store }: { store?: boolean }, x, argument, got) => {
  const own = store === true ? { store: new MemoryStore() } : {}
  using explainer = new GradientSimilarity(classifier(), loss, {
    ...options,
    precomputeGrads: true,
    ...own,
  })
  await expect(explainer.fit(x as never, trainClasses as number[])).rejects.toMatchObject({
    name: 'InvalidArgumentError',
    argument,
    message: expect.stringContaining(`got ${got}`) as string,
  })
})

it("are refused for labels alone, for ids that aren't integers, and for precompute without a store", async () => {
  using explainer = into(new MemoryStore())
  const error = { name: 'InvalidArgumentError' }
  await expect(
    explainer.fit(trainX as number[][], source(trainClasses as number[])),
  ).rejects.toMatchObject({ ...error, argument: 'yTrain' })
  await expect(
    explainer.precompute(trainX as number[][], trainClasses as number[], {
      ids: [1, 2, 3, 4, 5, 6.5],
    }),
  ).rejects.toMatchObject({
    ...error,
    argument: 'ids',
    message: 'ids: got 6.5 at [5]; expected integers of 32 bits.',
  })
  await expect(
    explainer.precompute(trainX as number[][], trainClasses as number[], { ids: [1, 2] }),
  ).rejects.toMatchObject({ ...error, argument: 'ids' })
  using inMemory = new GradientSimilarity(classifier(), loss)
  await expect(
    inMemory.precompute(trainX as number[][], trainClasses as number[]),
  ).rejects.toMatchObject({
    ...error,
    argument: 'store',
  })
})
