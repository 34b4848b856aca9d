import type { Formula } from '../formula.js'

/** What a recurrent layer computes in one direction, in the order in which it takes the steps. */
export interface CellRun {
  readonly formula: Formula
  readonly steps: number
  readonly hidden: number
  /** [steps, batch, inputs], and the states before and after each step, [steps, batch, hidden]. */
  readonly x: string
  readonly before: string
  readonly after: string
  /** Weights [gates · hidden, inputs] and [gates · hidden, hidden], and their biases [gates · hidden]. */
  readonly w: string
  readonly r: string
  readonly inputBias: string | undefined
  readonly stateBias: string | undefined
  /** The initial cells of an LSTM, [1, batch, hidden]. */
  readonly initialCell: string
  /** Per step, the gradient of its state from the layer's outputs, [1, batch, hidden]. */
  readonly deltas: readonly string[]
  /** The gradient of the last cell. */
  readonly ofLastCell: string | undefined
}

/** The gradients of one direction, before products with inputs, states and weights. */
export interface CellGradients {
  /** At the sums that inputs go into, and at those that states go into, [steps, batch, gates · hidden]. */
  readonly ofInputSums: string
  readonly ofStateSums: string
  /**
   * What each gate's rows of R multiply, [steps, batch, hidden]: the states before each step, for a GRU with another
   * one for its last gate. Equal ones may be joined.
   */
  readonly operands: readonly string[]
  /** The gradient of the initial state, and of the initial cell, [1, batch, hidden]. */
  readonly ofInitialState: string
  readonly ofInitialCell?: string
}

/** Returns the gradients of a run. */
export type Cell = (run: CellRun) => CellGradients
