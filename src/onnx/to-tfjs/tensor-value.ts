import type { KnownValues } from './known-values.js'
import type { Length } from './length.js'
import type { TfNode, TfType } from './tf-graph.js'

/** A tensor of the ONNX graph, and the nodes that compute it. */
export interface TensorValue {
  readonly type: TfType
  /** In the order of the ONNX graph's axes. */
  readonly shape: readonly Length[]
  /** Its elements, if they are constants or lengths. */
  readonly known?: KnownValues | undefined
  /** Computes the elements of one that is constant, but whose elements the graph computes. */
  readonly resolve?: (() => KnownValues | undefined) | undefined
  /** The node that has it with its axes in ONNX's order. */
  first?: TfNode | undefined
  /** The node that has it with axis 1, the channels, moved to the end. */
  last?: TfNode | undefined
  /** The node of a filter [outputs, inputs, …] that has it as […, inputs, outputs]. */
  readonly filter?: TfNode | undefined
}

/** Returns the elements of a tensor that doesn't depend on the values of the inputs. */
export const elementsOf = ({ known, resolve }: TensorValue): KnownValues | undefined =>
  known ?? resolve?.()

/** Where a tensor has its channels: on axis 1, as in ONNX, or at the end, as in TensorFlow.js. */
export type Layout = 'first' | 'last'

/** True for a tensor that is computed with the channels last, and not in ONNX's order. */
export const isOnlyLast = ({ first, last, known }: TensorValue): boolean =>
  first === undefined && last !== undefined && known === undefined

/** Moves axis 1 to the end. */
export const moveLast = <T>(axes: readonly T[]): T[] =>
  axes.length < 3 ? [...axes] : [axes[0]!, ...axes.slice(2), axes[1]!]

/** Moves the last axis back to axis 1. */
export const moveFirst = <T>(axes: readonly T[]): T[] =>
  axes.length < 3 ? [...axes] : [axes[0]!, axes.at(-1)!, ...axes.slice(1, -1)]

/** Returns where an axis of ONNX's order is in a layout. */
export function axisIn(layout: Layout, axis: number, rank: number): number {
  if (layout === 'first' || rank < 3 || axis === 0) return axis
  return axis === 1 ? rank - 1 : axis - 1
}
