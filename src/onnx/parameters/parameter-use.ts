import type { BatchLayout, Placement } from '../graph/batch-layout.js'
import type { GradientGraph } from '../graph/gradient-graph.js'
import type { OnnxNode } from '../model/onnx-model.js'
import type { GraphSegment } from './graph-segment.js'

/** One use of a parameter by an operator whose output has the batch. */
export interface ParameterUse {
  readonly graph: GradientGraph
  readonly node: OnnxNode
  /** The index of the input that is the parameter, or that is computed from it. */
  readonly input: number
  /** The gradient at the operator's first output. */
  readonly delta: string
  /** Where the first output has the batch. */
  readonly layout: BatchLayout
  /** Where any tensor of the model has the batch. */
  readonly placementOf: (tensor: string) => Placement | undefined
  /** True for a parameter whose gradients have the order of a filter's axes in segments. */
  readonly isFilter: (tensor: string) => boolean
}

/** Returns the gradient of each example through one use, under the input's name; undefined if the rule doesn't apply. */
export type UseRule = (use: ParameterUse) => GraphSegment | undefined
