import type { CurvatureName } from 'gradlens/influence'
import { solve, decomposeByJacobi, type Matrix } from './dense-algebra.js'
import type { LayerUse, TinyNet } from './tiny-nets.js'

/** One example with the label that its gradient is taken for. */
export interface Labelled {
  readonly x: readonly number[]
  readonly label: number
}

/** A block of the curvature as a matrix over the numbers of its parameters, one parameter after the other. */
interface DenseBlock {
  readonly names: readonly string[]
  readonly matrix: Matrix
}

/**
 * The influences of training examples on questions, from curvature matrices that are written out in float64: the
 * definitions of Martens and Grosse (2015) and George et al. (2018), with λ of a tenth of the mean eigenvalue of each
 * block.
 *
 * @param curved the examples with the labels of which the curvature is estimated
 * @returns [questions][train]
 */
export function computeInfluences(
  net: TinyNet,
  curvature: CurvatureName,
  curved: readonly Labelled[],
  train: readonly Labelled[],
  questions: readonly Labelled[],
  damping?: number,
): number[][] {
  const blocks = createBlocks(net, curvature, curved)
  const trainGradients = train.map(({ x, label }) => net.gradients(x, label))
  return questions.map(({ x, label }) => {
    const gradients = net.gradients(x, label)
    const solved = blocks.map(({ names, matrix }) => {
      const trace = matrix.reduce((sum, row, k) => sum + row[k]!, 0)
      const added = damping ?? (0.1 * trace) / matrix.length
      const damped = matrix.map((row, i) => row.map((value, j) => value + (i === j ? added : 0)))
      return solve(damped, flatten(gradients, names))
    })
    return trainGradients.map((own) =>
      blocks.reduce((sum, { names }, k) => sum + dot(solved[k]!, flatten(own, names)), 0),
    )
  })
}

const flatten = (
  gradients: ReadonlyMap<string, Float64Array>,
  names: readonly string[],
): number[] => names.flatMap((name) => [...gradients.get(name)!])

const dot = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((sum, value, k) => sum + value * b[k]!, 0)

function createBlocks(
  net: TinyNet,
  curvature: CurvatureName,
  curved: readonly Labelled[],
): DenseBlock[] {
  const gradients = curved.map(({ x, label }) => net.gradients(x, label))
  const layers = curved.map(({ x, label }) => net.layers(x, label))
  const covered = layers[0]!.flatMap(namesOf)
  const others = [...gradients[0]!.keys()].filter((name) => !covered.includes(name))
  const blocks = layers[0]!.map((layer, k): DenseBlock => {
    const names = namesOf(layer)
    return {
      names,
      matrix:
        curvature === 'diagonal'
          ? diagonalOf(gradients.map((own) => flatten(own, names)))
          : layerMatrix(
              layers.map((own) => own[k]!),
              curvature,
            ),
    }
  })
  return [
    ...blocks,
    ...others.map((name): DenseBlock => {
      const own = gradients.map((each) => flatten(each, [name]))
      if (curvature === 'diagonal') return { names: [name], matrix: diagonalOf(own) }
      return { names: [name], matrix: mean(own.map(outer)) }
    }),
  ]
}

const namesOf = ({ kernel, bias }: LayerUse): string[] =>
  bias === undefined ? [kernel] : [kernel, bias]

const outer = (x: readonly number[]): number[][] => x.map((a) => x.map((b) => a * b))

function mean(matrices: readonly Matrix[]): number[][] {
  return matrices[0]!.map((row, i) =>
    row.map((_, j) => matrices.reduce((sum, matrix) => sum + matrix[i]![j]!, 0) / matrices.length),
  )
}

const diagonalOf = (gradients: readonly (readonly number[])[]): number[][] =>
  mean(gradients.map(outer)).map((row, i) => row.map((value, j) => (i === j ? value : 0)))

/** A ⊗ S, or Q (diagonal of E[(Qᵀ g)²]) Qᵀ with Q = Q_A ⊗ Q_S. */
function layerMatrix(uses: readonly LayerUse[], curvature: CurvatureName): number[][] {
  const a = mean(uses.flatMap((use) => use.a.map(outer)))
  const positions = uses[0]!.delta.length
  const s = mean(uses.flatMap((use) => use.delta.map(outer))).map((row) =>
    row.map((value) => value * positions),
  )
  if (curvature === 'kfac') return kronecker(a, s)
  const basis = kronecker(decomposeByJacobi(a).vectors, decomposeByJacobi(s).vectors)
  const gradients = uses.map((use) =>
    use.a[0]!.flatMap((_, i) =>
      use.delta[0]!.map((__, j) =>
        use.a.reduce((sum, row, t) => sum + row[i]! * use.delta[t]![j]!, 0),
      ),
    ),
  )
  return correctEigenvalues(basis, gradients)
}

/** Q Λ Qᵀ with Λ = E[(Qᵀ g)²]. */
function correctEigenvalues(basis: Matrix, gradients: readonly (readonly number[])[]): number[][] {
  const n = basis.length
  const values = Array.from({ length: n }, (_, k) => {
    const squares = gradients.map(
      (g) => g.reduce((sum, value, i) => sum + value * basis[i]![k]!, 0) ** 2,
    )
    return squares.reduce((sum, value) => sum + value, 0) / gradients.length
  })
  return basis.map((row) =>
    basis.map((other) => values.reduce((sum, value, k) => sum + row[k]! * value * other[k]!, 0)),
  )
}

function kronecker(a: Matrix, b: Matrix): number[][] {
  return a.flatMap((row) => b.map((other) => row.flatMap((x) => other.map((y) => x * y))))
}
