import { init, numpy as np } from '@jax-js/jax'
import { GradientSimilarity } from 'gradlens'
import { adapterCases } from 'gradlens/testing'
import { afterAll, describe, expect, it, vi } from 'vitest'
import { jaxPredictor } from '../../../docs/models/adapters.md?adapter.js'
import { readSample } from '../../support/docs/read-sample.js'
import { testedJax } from '../../support/adapters/tested-jax.js'

// In Node, onnxruntime-web defines a Worker. jax-js mistakes it for that of a browser when it is imported.
vi.hoisted(() => {
  vi.stubGlobal('Worker', undefined)
})

afterAll(() => {
  vi.unstubAllGlobals()
})

describe('the jax-js adapter of the guide', () => {
  it('is used as the guide shows', async () => {
    await init('wasm')
    const weights = { kernel: np.ones([4, 3]), bias: np.zeros([3]) }
    const code = readSample('docs/models/adapters.md', 'use-adapter.js')
    const names = ['np', 'jaxPredictor', 'GradientSimilarity', 'weights']
    // eslint-disable-next-line @typescript-eslint/no-implied-eval -- the guide's own code
    const run = new Function(...names, `${code}\nreturn explainer`) as (
      ...values: readonly unknown[]
    ) => GradientSimilarity
    using explainer = run(np, jaxPredictor, GradientSimilarity, weights)
    await explainer.fit([[1, 2, 3, 4]], [[0, 1, 0]])
    const { scores } = await explainer.explain([[1, 2, 3, 4]], [[0, 1, 0]])
    // Equal logits: p − y is [⅓, −⅔, ⅓], and the gradient (p − y) ⊗ [x, 1] has the square ⅔ · (1 + 30).
    expect(scores.data[0]).toBeCloseTo((2 / 3) * 31, 4)
    for (const weight of Object.values(weights)) weight.dispose()
  })

  for (const { title, run } of adapterCases(testedJax)) it(title, run)
})
