import type { CellRun } from './cell.js'

/** Returns x Wᵀ + h Rᵀ + both biases for all steps at once, [steps, batch, gates · hidden]. */
export function sumsOf(run: CellRun): string {
  return run.formula.sum(inputSumsOf(run), stateSumsOf(run, run.before))
}

/** Returns x Wᵀ + bias. */
export const inputSumsOf = (run: CellRun): string => multiply(run, run.x, run.w, run.inputBias)

/** Returns h Rᵀ + bias, with these states in place of h. */
export const stateSumsOf = (run: CellRun, states: string): string =>
  multiply(run, states, run.r, run.stateBias)

function multiply(
  { formula: f }: CellRun,
  a: string,
  weights: string,
  bias: string | undefined,
): string {
  const turned = f.graph.add('Transpose', [weights], { perm: [1, 0] })
  const product = f.graph.add('MatMul', [a, turned])
  return bias === undefined ? product : f.sum(product, bias)
}
