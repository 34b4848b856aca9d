import type { Formula } from '../formula.js'
import type { Cell } from './cell.js'
import { joinSteps, splitSteps } from './steps.js'

/** A layer without gates: h = activation of x Wᵀ + h Rᵀ + biases. */
export const createRnn =
  (activation: 'tanh' | 'relu'): Cell =>
  (run) => {
    const { formula: f, steps, deltas } = run
    const { graph } = f
    const slopes = splitSteps(graph, slopeOf(f, run.after, activation), steps)
    let ofState: string | undefined
    const ofSums: string[] = []
    for (let step = steps - 1; step >= 0; step--) {
      const state = ofState === undefined ? deltas[step]! : f.sum(deltas[step]!, ofState)
      const ofSum = f.product(state, slopes[step]!)
      ofSums.unshift(ofSum)
      ofState = graph.add('MatMul', [ofSum, run.r])
    }
    const all = joinSteps(graph, ofSums)
    return {
      ofInputSums: all,
      ofStateSums: all,
      operands: [run.before],
      ofInitialState: ofState!,
    }
  }

const slopeOf = (f: Formula, state: string, activation: 'tanh' | 'relu'): string =>
  activation === 'tanh' ? f.difference(1, f.square(state)) : f.indicator(f.isGreater(state, 0))
