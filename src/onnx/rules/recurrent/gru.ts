import type { Cell, CellGradients, CellRun } from './cell.js'
import { joinGates, joinSteps, splitGates, splitSteps } from './steps.js'
import { inputSumsOf, stateSumsOf } from './sums.js'

/** Gated recurrent unit: gates z and r, values g; h' = (1 − z) g + z h. */
export const createGru =
  (isResetLast: boolean): Cell =>
  (run) =>
    isResetLast ? resetProduct(run) : resetState(run)

/** g = tanh(x Wᵀ + r · (h Rᵀ + bias)), as in PyTorch. */
function resetProduct(run: CellRun): CellGradients {
  const { formula: f, steps, hidden, before } = run
  const { graph } = f
  const [xz, xr, xg] = splitGates(graph, inputSumsOf(run), 3, hidden) as [string, string, string]
  const [hz, hr, hg] = splitGates(graph, stateSumsOf(run, before), 3, hidden) as [
    string,
    string,
    string,
  ]
  const z = f.apply('Sigmoid', f.sum(xz, hz))
  const r = f.apply('Sigmoid', f.sum(xr, hr))
  const g = f.apply('Tanh', f.sum(xg, f.product(r, hg)))
  const ofG = f.product(f.difference(1, z), f.difference(1, f.square(g)))
  const ofZ = f.product(f.difference(before, g), f.product(z, f.difference(1, z)))
  const ofR = f.product(f.product(ofG, hg), f.product(r, f.difference(1, r)))
  const slopes = splitSteps(graph, joinGates(graph, [ofZ, ofR, f.product(ofG, r)]), steps)
  const kept = splitSteps(graph, z, steps)

  let ofState: string | undefined
  const states: string[] = []
  const ofSums: string[] = []
  for (let step = steps - 1; step >= 0; step--) {
    const delta = run.deltas[step]!
    const state = ofState === undefined ? delta : f.sum(delta, ofState)
    const ofGates = f.product(joinGates(graph, [state, state, state]), slopes[step]!)
    states.unshift(state)
    ofSums.unshift(ofGates)
    ofState = f.sum(f.product(state, kept[step]!), graph.add('MatMul', [ofGates, run.r]))
  }
  const all = joinSteps(graph, states)
  return {
    ofInputSums: f.product(joinGates(graph, [all, all, all]), joinGates(graph, [ofZ, ofR, ofG])),
    ofStateSums: joinSteps(graph, ofSums),
    operands: [before],
    ofInitialState: ofState!,
  }
}

/** g = tanh(x Wᵀ + (r h) Rᵀ + biases). */
function resetState(run: CellRun): CellGradients {
  const { formula: f, steps, hidden, before } = run
  const { graph } = f
  const [xz, xr, xg] = splitGates(graph, inputSumsOf(run), 3, hidden) as [string, string, string]
  const [hz, hr] = splitGates(graph, stateSumsOf(run, before), 3, hidden) as [string, string]
  const z = f.apply('Sigmoid', f.sum(xz, hz))
  const r = f.apply('Sigmoid', f.sum(xr, hr))
  const reset = f.product(r, before)
  const hg = splitGates(graph, stateSumsOf(run, reset), 3, hidden)[2]!
  const g = f.apply('Tanh', f.sum(xg, hg))
  const [rz, rr, rg] = splitGates(graph, run.r, 3, hidden, 0) as [string, string, string]
  const ofZ = f.product(f.difference(before, g), f.product(z, f.difference(1, z)))
  const ofG = f.product(f.difference(1, z), f.difference(1, f.square(g)))
  const ofR = f.product(before, f.product(r, f.difference(1, r)))
  const [slopeZ, slopeG, slopeR, kept, gates] = [ofZ, ofG, ofR, z, r].map((each) =>
    splitSteps(graph, each, steps),
  ) as [string[], string[], string[], string[], string[]]

  let ofState: string | undefined
  const ofSums: string[] = []
  for (let step = steps - 1; step >= 0; step--) {
    const delta = run.deltas[step]!
    const state = ofState === undefined ? delta : f.sum(delta, ofState)
    const sumG = f.product(state, slopeG[step]!)
    const ofReset = graph.add('MatMul', [sumG, rg])
    const sumZ = f.product(state, slopeZ[step]!)
    const sumR = f.product(ofReset, slopeR[step]!)
    ofSums.unshift(joinGates(graph, [sumZ, sumR, sumG]))
    ofState = graph.sum([
      f.product(state, kept[step]!),
      f.product(ofReset, gates[step]!),
      graph.add('MatMul', [sumZ, rz]),
      graph.add('MatMul', [sumR, rr]),
    ])
  }
  const all = joinSteps(graph, ofSums)
  return {
    ofInputSums: all,
    ofStateSums: all,
    operands: [before, before, reset],
    ofInitialState: ofState!,
  }
}
