import type { Placement } from './batch-layout.js'
import type { TensorInfo } from './tensor-info.js'

/** What is known about the tensors of a model for inputs of one shape. */
export interface BatchKnowledge {
  readonly infos: ReadonlyMap<string, TensorInfo>
  /** Where each tensor has the batch. Tensors that don't depend on it are left out. */
  readonly placements: ReadonlyMap<string, Placement>
  /** The bytes that the tensors of a forward pass take for one example. */
  readonly exampleBytes: number
  /** Set if the examples can't be computed in one batch. */
  readonly onlyAlone?: {
    /** Why not, as part of a sentence about the model. */
    readonly reason: string
    /** True if the model computes a batch, but mixes its examples. */
    readonly isMixed: boolean
  }
}
