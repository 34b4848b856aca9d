import { expect, it } from 'vitest'
import type { BlockOptions } from '../../../src/curvature/curvature-options.js'
import { CurvatureEstimator } from '../../../src/curvature/estimator.js'
import type { CompactBlock, FactoredSegment } from '../../../src/gradients/block.js'
import { solve } from '../../support/influence/dense-algebra.js'
import { seededRandom } from '../../support/random.js'

/** Float32 bases and solutions, with eigenvalues of A that differ by a factor of a hundred. */
const tolerance = 1e-5

const inputSize = 120
const pause = (): Promise<void> => Promise.resolve()

/** Gradients of one output, whose inputs are positive as after a ReLU: they have a common direction. */
function drawGradients(exampleCount: number): CompactBlock & { segments: [FactoredSegment] } {
  const random = seededRandom(exampleCount)
  const fill = (count: number): Float32Array => Float32Array.from({ length: count }, random)
  return {
    exampleCount,
    segments: [
      {
        ...{ kind: 'factored', parameter: 'kernel', positions: 1, inputSize, outputSize: 1 },
        a: fill(exampleCount * inputSize),
        delta: fill(exampleCount),
      },
    ],
  }
}

it.each([
  ['fewer', 20],
  ['more', 200],
])(
  'gradients of %s examples than inputs have their influences with little damping',
  async (_, n) => {
    const block = drawGradients(n)
    const [{ a, delta }] = block.segments
    const options: BlockOptions = {
      ...{ curvature: 'kfac', uncovered: 'refuse', inputRank: Infinity, maxBytes: Infinity },
    }
    const estimator = new CurvatureEstimator(options, pause)
    await estimator.addCovariances(block, false)
    await estimator.decompose()
    const curvature = estimator.finish()

    // H = s A, with s = E[δ²] and A = E[a aᵀ].
    const s = delta.reduce((sum, value) => sum + value ** 2, 0) / n
    const rows = Array.from({ length: n }, (__, j) => [
      ...a.subarray(j * inputSize, (j + 1) * inputSize),
    ])
    const matrix = Array.from({ length: inputSize }, (__, i) =>
      Array.from(
        { length: inputSize },
        (___, k) => (s * rows.reduce((sum, row) => sum + row[i]! * row[k]!, 0)) / n,
      ),
    )
    const trace = matrix.reduce((sum, row, i) => sum + row[i]!, 0)
    const damping = (1e-7 * trace) / inputSize
    const damped = matrix.map((row, i) => row.map((value, k) => value + (i === k ? damping : 0)))
    const gradients = rows.map((row, j) => row.map((value) => value * delta[j]!))

    const { segments } = await curvature.precondition(block, damping, pause)
    const forms = await curvature.quadraticForms(block, damping, pause)
    const [solved] = segments
    if (solved?.kind !== 'dense') throw new Error('A solution is dense.')
    let error = 0
    let largest = 0
    for (let question = 0; question < 5; question++) {
      const expected = solve(damped, gradients[question]!)
      const own = solved.values.subarray(question * inputSize, (question + 1) * inputSize)
      for (const [j, gradient] of gradients.entries()) {
        const score = gradient.reduce((sum, value, i) => sum + value * expected[i]!, 0)
        const found = gradient.reduce((sum, value, i) => sum + value * own[i]!, 0)
        largest = Math.max(largest, Math.abs(score))
        error = Math.max(error, Math.abs(found - score))
        if (j === question) error = Math.max(error, Math.abs(forms[question]! - score))
      }
    }
    expect(error / largest).toBeLessThan(tolerance)
  },
)
