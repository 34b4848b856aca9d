import type { GpuGradientBlock, GradientBlock } from '../gradients/block.js'
import { type Labels, labelsOf } from '../losses/labels.js'
import type { LossFunction, PositionLoss } from '../losses/loss.js'
import { type NdArray, rows } from '../ndarray.js'
import type { PredictorSession } from '../predictor.js'

/** Examples with their labels, and the loss that is differentiated. */
export interface LossBatch<Value> {
  readonly x: readonly NdArray[]
  readonly y: Labels
  readonly loss: PositionLoss | LossFunction<Value>
  /** See LossGradientOptions. */
  readonly keepsFactors?: boolean | undefined
  /** See LossGradientOptions. Set only for passes with `drawsLabels`, and then in the place of `y`. */
  readonly drawLabels?: ((output: NdArray) => Labels) | undefined
}

/** The result of one batched pass. Disposing it frees what is only needed for `readOutput`. */
export interface BatchedGradients extends Disposable {
  readonly block: GradientBlock | GpuGradientBlock
  /** The labels that were drawn. */
  readonly labels?: Labels | undefined
  /** Returns the model's output in this pass, [B, …]. */
  readOutput(): Promise<NdArray>
}

/** Why the gradients of a batch can't be computed in one pass, as part of a sentence. */
export interface NotBatched {
  readonly reason: string
  /** True if the adapter has warned of it already. */
  readonly isKnown?: boolean
}

/**
 * A model on one device, as an adapter computes it: passes without checks. `createCheckedSession`
 * makes a `PredictorSession` of it, which calls one pass after the other.
 */
export interface ModelPasses<Value = unknown> extends Omit<
  PredictorSession<Value>,
  'lossGradients' | 'concurrency' | 'drawsLabels'
> {
  /** The model's name in messages. */
  readonly name: string
  readonly device: string
  /** The same object in all sessions of a model. The results of checks are kept for it. */
  readonly model: object
  /**
   * Returns an object for each weight, another one after its value has changed. Left out if the
   * weights never change.
   */
  weightValues?(): readonly object[]
  /**
   * Returns an object that is the same as long as the model computes the same operations for inputs of
   * these shapes and has the same trainable parameters. Batches are checked again if it changes. Left
   * out if the operations depend on nothing but the shapes, and all sessions have the same parameters.
   */
  operations?(x: readonly NdArray[]): object
  /** True if `lossGradients` draws labels in its pass. Other passes get them drawn from those of `predict`. */
  readonly drawsLabels?: boolean | undefined
  /** Computes the gradients of all examples in one pass, or returns why that is not exact. */
  lossGradients(batch: LossBatch<Value>): Promise<BatchedGradients | NotBatched>
  /**
   * Computes the gradients of a batch of one example in a pass of its own, with as little of the code
   * for batches as possible. Segments have the parameter names of the batched pass.
   */
  exampleGradients(example: LossBatch<Value>): Promise<BatchedGradients>
}

export const countExamples = ({ y }: { readonly y: Labels }): number => y.shape[0] ?? 0

/**
 * Returns one example of a batch as its own batch.
 *
 * @param batch without labels that are still to be drawn
 */
export const selectExample = <Value>(batch: LossBatch<Value>, row: number): LossBatch<Value> => ({
  ...batch,
  x: batch.x.map((array) => rows(array, row, row + 1)),
  y: labelsOf(batch.y, row, row + 1),
})
