import { GradientSimilarity, MemoryError, type ExampleSource, type Progress } from 'gradlens'
import { describe, expect, it } from 'vitest'
import { withLossGradients } from '../../support/models/changed-sessions.js'
import { classifier, regressor, trainClasses, trainX } from '../../support/models/small-nets.js'

const loss = 'sparseCategoricalCrossentropy'

describe('the estimate of a fit', () => {
  it('measures seconds for all examples, and reports progress', async () => {
    using explainer = new GradientSimilarity(classifier(), loss, { device: 'cpu', batchSize: 2 })
    const reported: Progress[] = []
    const onProgress = (progress: Progress): number => reported.push(progress)
    const estimate = await explainer.estimate(trainX, trainClasses, { onProgress })
    expect(estimate).toMatchObject({ exampleCount: 6, measuredCount: 2, projection: null })
    expect(estimate.seconds).toBeGreaterThan(0)
    expect(reported.map(({ phase, done, total }) => [phase, done, total])).toEqual([
      ['estimate', 2, 4],
      ['estimate', 4, 4],
    ])
    await expect(explainer.explain(trainX)).rejects.toMatchObject({ name: 'NotFittedError' })
  })

  it('runs at most one batch of examples, and reads no more of a source', async () => {
    let examples = 0
    const counting = withLossGradients(classifier(), (compute) => (x, y, of) => {
      examples += x[0]!.shape[0]!
      return compute(x, y, of)
    })
    using explainer = new GradientSimilarity(counting, loss, { device: 'cpu', batchSize: 4 })
    const reads: number[][] = []
    const source = <Row>(rows: readonly Row[]): ExampleSource<Row[]> => ({
      exampleCount: 5000,
      read(start: number, end: number): Row[] {
        reads.push([start, end])
        return Array.from({ length: end - start }, (_, k) => rows[(start + k) % rows.length]!)
      },
    })
    const estimate = await explainer.estimate(source(trainX), source(trainClasses))
    expect(estimate).toMatchObject({ exampleCount: 5000, measuredCount: 4 })
    expect(reads).toEqual([
      [0, 4],
      [0, 4],
    ])
    expect(examples).toBe(8)
  })

  it('uses predicted classes as labels, of the size that the loss needs', async () => {
    for (const own of [loss, 'categoricalCrossentropy'] as const) {
      using explainer = new GradientSimilarity(classifier(), own, { device: 'cpu' })
      const { memoryBytes } = await explainer.estimate(trainX)
      expect(memoryBytes).toBe(6 * (4 * (7 + 4 + 7 + 3) + 8))
    }
    using regression = new GradientSimilarity(regressor(), 'meanSquaredError', {
      device: 'cpu',
      task: 'regression',
    })
    await expect(regression.estimate(trainX)).rejects.toMatchObject({ argument: 'y' })
    using custom = new GradientSimilarity(classifier(), () => 0 as never, { device: 'cpu' })
    await expect(custom.estimate(trainX)).rejects.toThrow(/yTrain: got none; expected labels/)
  })

  it('rejects when it is aborted, and for unknown options', async () => {
    using explainer = new GradientSimilarity(classifier(), loss, { device: 'cpu', batchSize: 2 })
    const controller = new AbortController()
    const reason = new Error('enough')
    const onProgress = (): void => {
      controller.abort(reason)
    }
    const { signal } = controller
    await expect(explainer.estimate(trainX, trainClasses, { signal, onProgress })).rejects.toBe(
      reason,
    )
    await expect(explainer.estimate(trainX, trainClasses, { signal })).rejects.toBe(reason)
    const options = { size: 3 } as never
    await expect(explainer.estimate(trainX, trainClasses, options)).rejects.toThrow(
      "options: got 'size'; expected only projectionSize, signal, onProgress.",
    )
    const zero = { projectionSize: 0 }
    await expect(explainer.estimate(trainX, trainClasses, zero)).rejects.toMatchObject({
      argument: 'projectionSize',
    })
  })
})

describe('a fit whose gradients do not fit into memory', () => {
  /** What six examples take with float32 numbers and squared norms. */
  const byteLength = 6 * (4 * (7 + 4 + 7 + 3) + 8)

  it('is refused beyond maxBytes, with the options that need less and their bytes', async () => {
    const options = { device: 'cpu', precomputeGrads: true, batchSize: 2 } as const
    using fitting = new GradientSimilarity(classifier(), loss, { ...options, maxBytes: byteLength })
    await fitting.fit(trainX, trainClasses)
    expect(fitting.gradientBytes).toBe(byteLength)
    const maxBytes = byteLength - 1
    using explainer = new GradientSimilarity(classifier(), loss, { ...options, maxBytes })
    await expect(explainer.fit(trainX, trainClasses)).rejects.toThrow(
      'maxBytes: got 551 bytes; expected 552 bytes or more, which the gradients of 6 examples take in memory; or one ' +
        "of: projection: { size: 5 } (168 bytes); a parameters filter without '0/kernel' (384 bytes); a store " +
        "(504 bytes, or 252 bytes with storeDtype: 'float16'), of which explain reads a part at a time; " +
        'precomputeGrads: false, which computes the gradients in each explain.',
    )
    expect(explainer.gradientBytes).toBe(0)
  })

  it('ends with the same choices when the device runs out of memory', async () => {
    let calls = 0
    const full = withLossGradients(classifier(), (compute) => (x, y, of) => {
      if (calls++ > 0) throw new MemoryError('cpu', 'cpu is full.', { byteLength: 12 })
      return compute(x, y, of)
    })
    using explainer = new GradientSimilarity(full, loss, {
      ...{ device: 'cpu', precomputeGrads: true, batchSize: 1 },
    })
    const error: unknown = await explainer
      .fit(trainX, trainClasses)
      .catch((reason: unknown) => reason)
    expect(error).toMatchObject({ name: 'MemoryError', device: 'cpu', byteLength: 12 })
    expect((error as Error).message).toMatch(
      /examples take 552 bytes in all\. Choose one of: projection: \{ size: 5 \} \(\d+ bytes\); a parameters filter/,
    )
  })
})
