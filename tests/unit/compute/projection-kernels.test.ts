import { describe, expect, it } from 'vitest'
import { compileKernels } from '../../../scripts/build/compile-kernels.mjs'
import { multiply } from '../../../src/gradients/projection/multiply.js'
import { projectionBinary } from '../../../src/gradients/projection/projection-binary.js'
import { openWorkspace } from '../../../src/gradients/projection/workspace.js'
import { seededRandom } from '../../../src/random.js'

describe('the kernels of projections', () => {
  it('are what their source compiles to', async () => {
    expect(projectionBinary).toBe(await compileKernels('projection'))
  })

  it('multiply matrices of any size as JavaScript does, bit for bit', async () => {
    const random = seededRandom(5)
    const draw = (most: number): number => 1 + Math.floor(random() * most)
    const workspace = await openWorkspace()
    for (let k = 0; k < 60; k++) {
      workspace.clear()
      const [m, inner, n] = [draw(9), draw(13), draw(k < 50 ? 9 : 3000)]
      const isTransposed = random() < 0.5
      const [rowStep, columnStep] = isTransposed ? [1, m] : [inner, 1]
      const fill = (count: number): Float64Array =>
        Float64Array.from({ length: count }, () => (random() < 0.3 ? 0 : random() - 0.5))
      const [a, b] = [fill(m * inner), fill(inner * n)]
      const expected = new Float64Array(m * n)
      multiply({ data: a, rowStep, columnStep }, b, [m, inner, n], expected)
      const [placedA, placedB] = [workspace.allocate(m * inner), workspace.allocate(inner * n)]
      placedA.data.set(a)
      placedB.data.set(b)
      // Numbers that memory had before are overwritten, and memory may grow in between.
      const product = workspace.allocate(m * n)
      product.data.fill(NaN)
      const matrix = { numbers: placedA, rowStep, columnStep }
      workspace.multiply(matrix, placedB, [m, inner, n], product)
      expect(product.data, `${m} × ${inner} × ${n}`).toEqual(expected)
    }
  })
})
