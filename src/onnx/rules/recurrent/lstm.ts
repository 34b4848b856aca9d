import type { CellGradients, CellRun } from './cell.js'
import { joinGates, joinSteps, splitGates, splitSteps } from './steps.js'
import { sumsOf } from './sums.js'

/** Long short-term memory: gates i, o, f and values g; c' = f c + i g and h = o tanh c'. */
export function differentiateLstm(run: CellRun): CellGradients {
  const { formula: f, steps, hidden } = run
  const { graph } = f
  const [i, o, forget, g] = splitGates(graph, sumsOf(run), 4, hidden).map((sum, gate) =>
    f.apply(gate === 3 ? 'Tanh' : 'Sigmoid', sum),
  ) as [string, string, string, string]

  const additions = splitSteps(graph, f.product(i, g), steps)
  const forgetting = splitSteps(graph, forget, steps)
  const cells = [run.initialCell]
  for (const [step, addition] of additions.entries()) {
    cells.push(f.sum(f.product(forgetting[step]!, cells[step]!), addition))
  }
  const squashed = f.apply('Tanh', joinSteps(graph, cells.slice(1)))
  const ofSigmoid = (gate: string): string => f.product(gate, f.difference(1, gate))
  const toCell = splitSteps(graph, f.product(o, f.difference(1, f.square(squashed))), steps)
  // The derivatives of c by the sums of i, f and g, and of h by that of o.
  const slopes = splitSteps(
    graph,
    joinGates(graph, [
      f.product(g, ofSigmoid(i)),
      f.product(squashed, ofSigmoid(o)),
      f.product(joinSteps(graph, cells.slice(0, -1)), ofSigmoid(forget)),
      f.product(i, f.difference(1, f.square(g))),
    ]),
    steps,
  )

  let ofState: string | undefined
  let ofCell = run.ofLastCell
  const ofSums: string[] = []
  for (let step = steps - 1; step >= 0; step--) {
    const delta = run.deltas[step]!
    const state = ofState === undefined ? delta : f.sum(delta, ofState)
    const own = f.product(state, toCell[step]!)
    const cell = ofCell === undefined ? own : f.sum(own, ofCell)
    const ofGates = f.product(joinGates(graph, [cell, state, cell, cell]), slopes[step]!)
    ofSums.unshift(ofGates)
    ofState = graph.add('MatMul', [ofGates, run.r])
    ofCell = f.product(cell, forgetting[step]!)
  }
  const all = joinSteps(graph, ofSums)
  return {
    ofInputSums: all,
    ofStateSums: all,
    operands: [run.before],
    ofInitialState: ofState!,
    ofInitialCell: ofCell!,
  }
}
