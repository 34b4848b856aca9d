import { adapterCases } from 'gradlens/testing'
import { afterAll, describe, it, vi } from 'vitest'
import { testedJax } from '../../support/models/tested-jax.js'

// In Node, onnxruntime-web defines a Worker. jax-js takes it for that of a browser, and looks for it when it is imported.
vi.hoisted(() => {
  vi.stubGlobal('Worker', undefined)
})

afterAll(() => {
  vi.unstubAllGlobals()
})

describe('the jax-js adapter of the guide', () => {
  for (const { title, run } of adapterCases(testedJax)) it(title, run)
})
