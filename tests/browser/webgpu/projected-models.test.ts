import { GradientSimilarity, type GradientSimilarityOptions, MemoryStore } from 'gradlens'
import { tfjsPredictor } from 'gradlens/tfjs'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import { openWebgpuBackend } from '../../../src/compute/webgpu/open.js'
import { selectTrainable } from '../../../src/explainers/session/parameters.js'
import { compactBlock } from '../../../src/gradients/compact-block.js'
import { Projection } from '../../../src/gradients/projection/projection.js'
import { useDevice } from '../../support/devices/devices.js'
import { hostGradients, lossGradients } from '../../support/gradients/host-block.js'
import { testX, trainClasses, trainX } from '../../support/models/small-nets.js'
import { tfjsClassifier } from '../../support/models/tfjs-nets.js'
import { randomTrial } from '../../support/trials/random-models.js'
import { materializedGradients } from '../../support/references/materialized-gradients.js'
import { projectedGradient } from '../../support/stores/projected-gradients.js'

const loss = 'sparseCategoricalCrossentropy'
const testClasses = [1, 2]

/** Float32 sums in the model and in the projection, relative to the example's largest number or the largest score. */
const tolerance = 1e-5

describe('projections on webgpu', () => {
  beforeAll(() => useDevice('cpu'))

  it.each([1, 2])(
    'are those of the gradients of random models in float64, series %i',
    async (series) => {
      let projectedModels = 0
      for (let seed = 10 * series; seed < 10 * series + 8; seed++) {
        const { trial, description } = randomTrial(seed)
        try {
          const { x, y } = trial.examples(3)
          const predictor = tfjsPredictor(trial.model)
          using session = await predictor.open('webgpu', { allowSoftware: true })
          const exact = await hostGradients(session, [x], y, trial.loss.loss)
          using backend = await openWebgpuBackend(session.gpuDevice!)
          const size = 3 * exact.segments.length
          const projection = new Projection({ size, seed }, selectTrainable(predictor))
          using uploaded = await backend.upload(
            await lossGradients(session, [x], y, trial.loss.loss),
          )
          using projected = await backend.project!(uploaded, projection)
          // Uses of one parameter with other factors are left to the host.
          if (projected === undefined) continue
          projectedModels += 1
          const read = await projected.read()
          expect(projection.plan!.parameters.length, description).toBeGreaterThan(0)
          const host = await projection.project(compactBlock(exact), () => Promise.resolve())
          expect(read.segments.map(({ kind }) => kind)).toEqual(
            host.segments.map(({ kind }) => kind),
          )
          for (let row = 0; row < 3; row++) {
            const found = materializedGradients(read, row)
            const ofExample = [...materializedGradients(exact, row)]
            const expected = ofExample.map(
              ([name, own]) => [name, projectedGradient(name, own, projection.plan!)] as const,
            )
            const largest = Math.max(
              ...[...ofExample, ...expected].flatMap(([, own]) => [...own].map(Math.abs)),
            )
            for (const [name, own] of expected) {
              for (const [k, value] of own.entries()) {
                const difference = Math.abs(found.get(name)![k]! - value)
                expect(difference, `${description}: ${name}`).toBeLessThanOrEqual(
                  tolerance * largest,
                )
              }
            }
          }
        } finally {
          trial.dispose()
        }
      }
      expect(projectedModels).toBeGreaterThan(4)
    },
  )

  it.each([
    ['wasm', 'webgpu'],
    ['webgpu', 'wasm'],
  ] as const)('written to a store on %s are explained with on %s', async (writer, reader) => {
    for (const seed of [1, 2, 3]) {
      const predictor = tfjsClassifier(seed)
      const store = new MemoryStore()
      const options: GradientSimilarityOptions = {
        ...{ batchSize: 4, simFn: 'grad_dot', precomputeGrads: true },
        projection: { size: 14, seed },
      }
      using written = new GradientSimilarity(predictor, loss, { ...options, device: writer, store })
      await written.fit(trainX, trainClasses)
      using inMemory = new GradientSimilarity(predictor, loss, { ...options, device: writer })
      await inMemory.fit(trainX, trainClasses)
      const expected = (await inMemory.explain(testX, testClasses)).data
      using opened = await GradientSimilarity.open(store, predictor, loss, { device: reader })
      const { data } = await opened.explain(testX, testClasses, { simFn: 'grad_dot' })
      const largest = Math.max(...Array.from(expected.scores.data, Math.abs))
      for (const [k, score] of expected.scores.data.entries()) {
        expect(Math.abs(data.scores.data[k]! - score)).toBeLessThanOrEqual(tolerance * largest)
      }
      // A fit on the other device adds to the same store: it finds nothing that differs.
      using again = new GradientSimilarity(predictor, loss, { ...options, device: reader, store })
      await again.fit(trainX, trainClasses)
    }
  })

  it('read back the ranking and the norms, no gradient', async () => {
    const sizes: number[] = []
    const predictor = tfjsClassifier()
    using explainer = new GradientSimilarity(predictor, loss, {
      ...{ device: 'webgpu', batchSize: 4, precomputeGrads: true },
      projection: { size: 14, seed: 1 },
    })
    await explainer.fit(trainX, trainClasses)
    const mapped = vi.spyOn(GPUBuffer.prototype, 'mapAsync')
    try {
      await explainer.explain(testX, testClasses)
      sizes.push(...mapped.mock.contexts.map((buffer) => (buffer as GPUBuffer).size))
    } finally {
      mapped.mockRestore()
    }
    expect(sizes).toEqual([8 * testX.length, 8 * testX.length * trainX.length])
  })
})
