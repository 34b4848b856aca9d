import type { CompactBlock, CompactSegment } from '../gradients/block.js'
import { groupByParameter } from './plan-blocks.js'
import { countBlockBytes, type CurvatureBlock, listParameters } from './curvature-block.js'
import type { Matrices } from './matrices/matrices.js'
import { openMatrices } from './matrices/open-matrices.js'
import { MatrixWriter } from './matrix-writer.js'
import { createRest } from './rest.js'
import { rotateGradients } from './rotate-gradients.js'
import { preconditionLookups } from './precondition-lookups.js'
import { spreadLastRow } from './truncate-inputs.js'

/** The damping of a block is this times the mean of its eigenvalues, as in kronfluence. */
const relativeDamping = 0.1

/** An approximation H of the curvature of the training loss, block by block. */
export class Curvature {
  readonly blocks: readonly CurvatureBlock[]
  /** Workspaces that no call uses. Calls that run at the same time have different ones. */
  readonly #idle: Matrices[] = []

  constructor(blocks: readonly CurvatureBlock[]) {
    this.blocks = blocks
  }

  /** The bytes of all bases and eigenvalues. */
  get byteLength(): number {
    return this.blocks.reduce((sum, block) => sum + countBlockBytes(block), 0)
  }

  /**
   * Computes (H + λ)⁻¹ g of each example. Directions without curvature and damping become zero.
   *
   * @param damping λ of all blocks; undefined for a tenth of the mean of each block's eigenvalues
   * @param pause called regularly so that the page can respond; an exception ends the work
   */
  async precondition(
    { exampleCount, segments }: CompactBlock,
    damping: number | undefined,
    pause: () => Promise<void>,
  ): Promise<CompactBlock> {
    return this.#withMatrices(async (matrices) => {
      const rest = createRest(pause)
      const result: CompactSegment[] = []
      for (const { block, own, bias } of this.#split(segments)) {
        const inverse = invert(block, damping)
        const [only] = own
        if (inverse === undefined) result.push(...own, ...bias)
        else if (only?.kind === 'lookup' && own.length === 1) {
          result.push(preconditionLookups(block, only, exampleCount, inverse, matrices))
        } else {
          const solved = new MatrixWriter(block, exampleCount)
          const rotated = rotateGradients(block, own, bias, exampleCount, matrices, rest)
          for (let example = 0; example < exampleCount; example++) {
            const numbers = await rotated.rotate(example)
            multiplyBy(numbers.data, inverse)
            solved.write(example, (await rotated.rotateBack(numbers)).data)
            await rest()
          }
          result.push(...solved.segments)
        }
        await rest()
      }
      return { exampleCount, segments: result }
    })
  }

  /** Computes gᵀ (H + λ)⁻¹ g of each example. */
  async quadraticForms(
    { exampleCount, segments }: CompactBlock,
    damping: number | undefined,
    pause: () => Promise<void>,
  ): Promise<Float64Array> {
    return this.#withMatrices(async (matrices) => {
      const rest = createRest(pause)
      const forms = new Float64Array(exampleCount)
      for (const { block, own, bias } of this.#split(segments)) {
        const inverse = invert(block, damping)
        const rotated = rotateGradients(block, own, bias, exampleCount, matrices, rest)
        for (let example = 0; example < exampleCount; example++) {
          const { data } = await rotated.rotate(example)
          let sum = 0
          for (let k = 0; k < data.length; k++) sum += data[k]! ** 2 * (inverse?.[k] ?? 1)
          forms[example]! += sum
          await rest()
        }
      }
      return forms
    })
  }

  async #withMatrices<Result>(use: (matrices: Matrices) => Promise<Result>): Promise<Result> {
    const matrices = this.#idle.pop() ?? (await openMatrices())
    try {
      return await use(matrices)
    } finally {
      this.#idle.push(matrices)
    }
  }

  /** The segments of each block's parameters. */
  *#split(segments: readonly CompactSegment[]): Generator<{
    readonly block: CurvatureBlock
    readonly own: readonly CompactSegment[]
    readonly bias: readonly CompactSegment[]
  }> {
    const byParameter = groupByParameter(segments)
    for (const block of this.blocks) {
      const own = byParameter.get(block.parameter) ?? []
      const bias = block.bias && byParameter.get(block.bias.parameter)
      if (own.length > 0) yield { block, own, bias: bias ?? [] }
    }
  }

  /** The names of the parameters whose curvature is approximated by this rule. */
  listParameters(rule: CurvatureBlock['rule']): string[] {
    return this.blocks.filter((block) => block.rule === rule).flatMap(listParameters)
  }
}

/**
 * 1 / (Λ + λ) for each number of a rotated gradient, and 0 where that is infinite; undefined for the identity. The default λ
 * takes the mean over all eigenvalues, also over those that share one.
 */
function invert(block: CurvatureBlock, damping: number | undefined): Float64Array | undefined {
  const { eigenvalues, rows, columns, inputRank = rows } = block
  if (eigenvalues === undefined) return undefined
  let sum = 0
  for (let k = 0; k < eigenvalues.length; k++) {
    const count = k < inputRank * columns ? 1 : rows - inputRank
    sum += count * eigenvalues[k]!
  }
  const added = damping ?? (relativeDamping * sum) / (rows * columns)
  const inverse = new Float64Array(eigenvalues.length)
  for (let k = 0; k < inverse.length; k++) {
    const damped = eigenvalues[k]! + added
    inverse[k] = damped === 0 ? 0 : 1 / damped
  }
  return spreadLastRow(block, inverse)
}

function multiplyBy(numbers: Float64Array, factors: Float64Array): void {
  for (let k = 0; k < factors.length; k++) numbers[k]! *= factors[k]!
}
