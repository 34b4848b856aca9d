import type { CurvatureName } from 'gradlens/influence'
import { solve, decomposeByJacobi, type Matrix } from './dense-algebra.js'
import type { LayerUse, TinyNet } from './tiny-nets.js'

/** One example, with the label for its gradient. */
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
 * @param inputRank how many eigenvectors of a layer's inputs have eigenvalues of their own, with EK-FAC
 * @param curved the examples with the labels of which the curvature is estimated
 * @returns [questions][train]
 */
export function computeInfluences(
  net: TinyNet,
  curvature: CurvatureName,
  curved: readonly Labelled[],
  train: readonly Labelled[],
  questions: readonly Labelled[],
  {
    damping,
    inputRank = Infinity,
  }: { readonly damping?: number; readonly inputRank?: number } = {},
): number[][] {
  const blocks = createBlocks(net, curvature, curved, inputRank)
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
  inputRank: number,
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
              inputRank,
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
function layerMatrix(
  uses: readonly LayerUse[],
  curvature: CurvatureName,
  inputRank: number,
): number[][] {
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
  // The inputs of a table are the numbers of its rows, and have no basis.
  const isTable = uses.every((use) => use.a.every((row) => row.filter((x) => x !== 0).length === 1))
  return correctEigenvalues(basis, gradients, (values) =>
    isTable ? values : shareEigenvalues(values, s.length, inputRank),
  )
}

/** Gives all but the input eigenvectors with the greatest sums the mean of their eigenvalues, for each output. */
function shareEigenvalues(
  values: readonly number[],
  columns: number,
  inputRank: number,
): readonly number[] {
  const rows = Array.from({ length: values.length / columns }, (_, i) =>
    values.slice(i * columns, (i + 1) * columns),
  )
  const total = (row: readonly number[]): number => row.reduce((sum, value) => sum + value, 0)
  const ranked = [...rows].sort((a, b) => total(b) - total(a))
  const rest = ranked.slice(inputRank)
  const shared = rows[0]!.map((_, j) => total(rest.map((row) => row[j]!)) / rest.length)
  return rows.flatMap((row) => (rest.includes(row) ? shared : row))
}

/** Q Λ Qᵀ with Λ = E[(Qᵀ g)²]. */
function correctEigenvalues(
  basis: Matrix,
  gradients: readonly (readonly number[])[],
  change: (values: readonly number[]) => readonly number[],
): number[][] {
  const n = basis.length
  const own = Array.from({ length: n }, (_, k) => {
    const squares = gradients.map(
      (g) => g.reduce((sum, value, i) => sum + value * basis[i]![k]!, 0) ** 2,
    )
    return squares.reduce((sum, value) => sum + value, 0) / gradients.length
  })
  const values = change(own)
  return basis.map((row) =>
    basis.map((other) => values.reduce((sum, value, k) => sum + row[k]! * value * other[k]!, 0)),
  )
}

function kronecker(a: Matrix, b: Matrix): number[][] {
  return a.flatMap((row) => b.map((other) => row.flatMap((x) => other.map((y) => x * y))))
}
