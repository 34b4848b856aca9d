import type { OnnxNode } from '../model/onnx-model.js'
import { fixedNumbers } from './known-values.js'
import { Refusal, type TensorGraph } from './tensor-graph.js'
import { elementsOf, type TensorValue } from './tensor-value.js'

/** An operator of the ONNX graph with the tensors that it uses. */
export interface Operator {
  readonly node: OnnxNode
  /** Undefined for an optional input that is left out. */
  readonly inputs: readonly (TensorValue | undefined)[]
  readonly graph: TensorGraph
}

/**
 * Adds the nodes that compute an operator, and returns its outputs; undefined for one that isn't supported.
 *
 * @throws Refusal for what TensorFlow.js can't compute exactly
 */
export type Rule = (operator: Operator) => TensorValue | readonly (TensorValue | undefined)[]

export type Rules = Readonly<Record<string, Rule | undefined>>

/** Returns an input that the operator can't do without. */
export function requireInput({ inputs }: Operator, at: number): TensorValue {
  const value = inputs[at]
  if (value !== undefined) return value
  throw new Refusal(`its input ${at} is missing`)
}

/** Returns the numbers of an input that is a constant; undefined if it is left out. */
export function readNumbersOf({ inputs }: Operator, at: number): number[] | undefined {
  const value = inputs[at]
  if (value === undefined) return undefined
  const numbers = fixedNumbers(elementsOf(value))
  if (numbers !== undefined) return numbers
  throw new Refusal(`its input ${at} is computed by the model; expected a constant`)
}

/** Returns an axis counted from the start. */
export function normalizeAxis(axis: number, rank: number): number {
  const own = axis < 0 ? axis + rank : axis
  if (own >= 0 && own < rank) return own
  throw new Refusal(`its axis ${axis} is not one of ${rank} axes`)
}
