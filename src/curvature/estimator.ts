import type { GradientBlock } from '../gradients/block.js'
import { isContracted, type MeasuredGradients } from './contracted-gradients.js'
import { Covariances } from './covariances.js'
import {
  type BlockShape,
  countEigenvalueRows,
  countInputVectors,
  type CurvatureBlock,
  hasInputBasis,
  hasOutputBasis,
} from './curvature-block.js'
import type { BlockOptions } from './curvature-options.js'
import { Curvature } from './curvature.js'
import { decomposeLowRank } from './eigen/decompose-low-rank.js'
import { decomposeSymmetric, type Eigendecomposition } from './eigen/decompose-symmetric.js'
import { type Bases, Eigenvalues } from './eigenvalues.js'
import type { Matrices } from './matrices/matrices.js'
import { openMatrices } from './matrices/open-matrices.js'
import { listBlockBuffers } from '../gradients/release-block.js'
import { createRest, type Rest } from './rest.js'
import { groupByParameter, planBlocks } from './plan-blocks.js'
import { truncateInputs } from './truncate-inputs.js'

type Batch = Pick<GradientBlock, 'exampleCount' | 'segments'>

/** A batch as eigenvalues are measured from it. */
export interface MeasuredBatch {
  readonly exampleCount: number
  /** The gradients of each block, by the name of its parameter. */
  readonly gradients: ReadonlyMap<string, MeasuredGradients>
}

/** The bases of a block, with Λ where no other pass measures it. */
interface DecomposedBlock extends Bases {
  readonly eigenvalues: Float32Array | undefined
}

/**
 * Estimates a curvature from the gradients of examples, in the passes that it asks for: one for covariances and one for
 * eigenvalues.
 */
export class CurvatureEstimator {
  readonly #options: BlockOptions
  readonly #rest: Rest
  /** The workspace of the pass that is under way. */
  #matrices: Promise<Matrices> | undefined
  #blocks: readonly BlockShape[] | undefined
  #covariances: ReadonlyMap<string, Covariances> | undefined
  #eigenvalues: ReadonlyMap<string, Eigenvalues> | undefined
  #bases: ReadonlyMap<string, DecomposedBlock> = new Map()

  /** @param pause called regularly so that the page can respond; an exception ends the work */
  constructor(options: BlockOptions, pause: () => Promise<void>) {
    this.#options = options
    this.#rest = createRest(pause)
  }

  /** Whether a pass for covariances is needed before that for eigenvalues. */
  get needsCovariances(): boolean {
    return ['kfac', 'ekfac'].includes(this.#options.curvature)
  }

  /** Whether a pass for eigenvalues is needed. Those of K-FAC are known from the first pass. */
  get needsEigenvalues(): boolean {
    return ['diagonal', 'ekfac'].includes(this.#options.curvature)
  }

  /** The blocks of the parameters, planned by the first batch. */
  get blocks(): readonly BlockShape[] {
    return this.#blocks ?? []
  }

  /** Whether the eigenvalues of a block are measured from the gradients. */
  readonly isMeasured = ({ rule }: BlockShape): boolean =>
    rule === 'diagonal' || (rule !== 'identity' && this.needsEigenvalues)

  /**
   * Adds a batch to the covariances.
   *
   * @param isKept whether the result is kept for `addEigenvalues`
   */
  async addCovariances(batch: Batch, isKept: boolean): Promise<MeasuredBatch> {
    const blocks = this.#plan(batch)
    const matrices = await this.#open()
    this.#covariances ??= new Map(
      blocks
        .filter(hasOutputBasis)
        .map((block) => [block.parameter, new Covariances(block, matrices)]),
    )
    if (!this.needsEigenvalues) await this.addEigenvalues(batch)
    const { exampleCount } = batch
    const byParameter = groupByParameter(batch.segments)
    const gradients = new Map<string, MeasuredGradients>(byParameter)
    for (const [parameter, sum] of this.#covariances) {
      const own = byParameter.get(parameter) ?? []
      gradients.set(parameter, await sum.add(own, exampleCount, isKept, this.#rest))
      await this.#rest()
    }
    return { exampleCount, gradients }
  }

  /** Computes the bases from the covariances. Call it between the two passes. */
  async decompose(): Promise<void> {
    const matrices = await this.#open()
    const blocks: BlockShape[] = []
    const bases = new Map<string, DecomposedBlock>()
    for (const block of this.blocks) {
      if (!hasOutputBasis(block)) {
        blocks.push(block)
        continue
      }
      const { parameter, rows, columns } = block
      const covariances = this.#covariances!.get(parameter)!
      const input = hasInputBasis(block)
        ? await decomposeInputs(covariances, rows, matrices, this.#rest)
        : { values: covariances.inputs(), vectors: undefined }
      const inputRank = input.values.length
      const found = inputRank < rows ? { ...block, inputRank } : block
      blocks.push(found)
      const output = await decomposeSymmetric(covariances.outputs(), columns, matrices, this.#rest)
      bases.set(parameter, {
        inputBasis: input.vectors,
        outputBasis: output.vectors,
        eigenvalues: this.needsEigenvalues
          ? undefined
          : multiplyEigenvalues(found, input.values, output.values),
      })
    }
    this.#blocks = blocks
    this.#bases = bases
    this.#covariances = undefined
    // Eigenvalues have a workspace of their own, so that the memory of the covariances is freed.
    this.#matrices = undefined
  }

  /** Adds a batch to the eigenvalues. */
  async addEigenvalues(batch: Batch | MeasuredBatch): Promise<void> {
    const matrices = await this.#open()
    const measured = 'segments' in batch ? this.#measure(batch) : batch
    this.#eigenvalues ??= new Map(
      this.blocks.filter(this.isMeasured).map((block) => {
        const { inputBasis, outputBasis } = this.#bases.get(block.parameter) ?? {}
        return [block.parameter, new Eigenvalues(block, { inputBasis, outputBasis }, matrices)]
      }),
    )
    for (const [parameter, sum] of this.#eigenvalues) {
      const own = measured.gradients.get(parameter) ?? []
      await sum.add(own, measured.exampleCount, this.#rest)
      await this.#rest()
    }
  }

  /** Returns the curvature after all passes. */
  finish(): Curvature {
    const blocks = this.#blocks!.map((block): CurvatureBlock => {
      const bases = this.#bases.get(block.parameter)
      const whole = {
        ...block,
        inputBasis: bases?.inputBasis,
        outputBasis: hasOutputBasis(block) ? bases?.outputBasis : undefined,
        eigenvalues: this.#eigenvalues?.get(block.parameter)?.values() ?? bases?.eigenvalues,
      }
      return truncateInputs(whole, this.#options.inputRank)
    })
    return new Curvature(blocks)
  }

  #open(): Promise<Matrices> {
    return (this.#matrices ??= openMatrices())
  }

  #plan(batch: Batch): readonly BlockShape[] {
    this.#blocks ??= planBlocks(batch, this.#options)
    return this.#blocks
  }

  #measure(batch: Batch): MeasuredBatch {
    this.#plan(batch)
    return { exampleCount: batch.exampleCount, gradients: groupByParameter(batch.segments) }
  }
}

/** Lists the buffers of a batch's arrays, each once. */
export function listMeasuredBuffers({ exampleCount, gradients }: MeasuredBatch): ArrayBuffer[] {
  const all = [...gradients.values()]
  const segments = all.flatMap((own) => (isContracted(own) ? [] : own))
  const contracted = all.flatMap((own) => (isContracted(own) ? [own.values.buffer] : []))
  return [...listBlockBuffers({ exampleCount, segments }), ...contracted]
}

/** Decomposes A. If it has few eigenvectors with curvature, only those. */
function decomposeInputs(
  covariances: Covariances,
  rows: number,
  matrices: Matrices,
  rest: Rest,
): Promise<Eigendecomposition> {
  const most = countInputVectors(rows, covariances.inputCount)
  return most < rows
    ? decomposeLowRank(covariances.inputs(), rows, most, matrices, rest)
    : decomposeSymmetric(covariances.inputs(), rows, matrices, rest)
}

/** Λ of K-FAC: the products of the eigenvalues of A and S. Rounding can make a zero negative. */
function multiplyEigenvalues(
  block: BlockShape,
  inputs: Float64Array,
  outputs: Float64Array,
): Float32Array {
  const products = new Float32Array(countEigenvalueRows(block) * outputs.length)
  for (const [i, input] of inputs.entries()) {
    for (const [j, output] of outputs.entries()) {
      products[i * outputs.length + j] = Math.max(0, input) * Math.max(0, output)
    }
  }
  return products
}
