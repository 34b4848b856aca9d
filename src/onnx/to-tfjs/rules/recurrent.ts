import { readInt, readString } from '../../model/attributes.js'
import { fixedLength, type Length } from '../length.js'
import { type Operator, requireInput, type Rule, type Rules } from '../rule.js'
import { createValue, Refusal, requireFixed, type TensorGraph } from '../tensor-graph.js'
import type { TensorValue } from '../tensor-value.js'
import type { TfNode } from '../tf-graph.js'
import { take } from './selection.js'

/** What a cell carries from one step to the next, [N, hidden] each. */
interface State {
  readonly hidden: TfNode
  readonly cell: TfNode
}

/** The sums of the gates of one step, [N, gates · hidden]: of the input, and of the state. */
interface Sums {
  readonly ofInput: TfNode
  readonly ofState: (hidden: TfNode) => TfNode
}

type Cell = (graph: TensorGraph, state: State, sums: Sums, size: number) => State

/** Recurrent layers with as many steps as the examples have, one after the other. */
export const recurrentRules: Rules = {
  LSTM: recurrent(4, ['Sigmoid', 'Tanh', 'Tanh'], () => lstm),
  GRU: recurrent(3, ['Sigmoid', 'Tanh'], (operator) =>
    readInt(operator.node, 'linear_before_reset', 0) === 1 ? gruOfProduct : gruOfState,
  ),
  RNN: recurrent(1, ['Tanh'], () => rnn),
}

/** Gates i, o, f and values g; c' = f c + i g and h = o tanh c'. */
const lstm: Cell = (graph, { hidden, cell }, sums, size) => {
  const all = plus(graph, sums.ofInput, sums.ofState(hidden))
  const [i, o, f] = [0, 1, 2].map((k) => graph.add('Sigmoid', [gateOf(graph, all, k, size)])) as [
    TfNode,
    TfNode,
    TfNode,
  ]
  const g = graph.add('Tanh', [gateOf(graph, all, 3, size)])
  const next = plus(graph, times(graph, f, cell), times(graph, i, g))
  return { cell: next, hidden: times(graph, o, graph.add('Tanh', [next])) }
}

/** Gates z and r; g = tanh(x W + r · (h R + bias)), and h' = (1 − z) g + z h. */
const gruOfProduct: Cell = (graph, { hidden, cell }, { ofInput, ofState }, size) => {
  const state = ofState(hidden)
  const [z, r] = [0, 1].map((k) => sigmoidOfSum(graph, [ofInput, state], k, size)) as [
    TfNode,
    TfNode,
  ]
  const product = times(graph, r, gateOf(graph, state, 2, size))
  const g = graph.add('Tanh', [plus(graph, gateOf(graph, ofInput, 2, size), product)])
  return { cell, hidden: blend(graph, z, g, hidden) }
}

/** g = tanh(x W + (r h) R + biases). */
const gruOfState: Cell = (graph, { hidden, cell }, { ofInput, ofState }, size) => {
  const state = ofState(hidden)
  const [z, r] = [0, 1].map((k) => sigmoidOfSum(graph, [ofInput, state], k, size)) as [
    TfNode,
    TfNode,
  ]
  const reset = gateOf(graph, ofState(times(graph, r, hidden)), 2, size)
  const g = graph.add('Tanh', [plus(graph, gateOf(graph, ofInput, 2, size), reset)])
  return { cell, hidden: blend(graph, z, g, hidden) }
}

const rnn: Cell = (graph, { hidden, cell }, sums) => ({
  cell,
  hidden: graph.add('Tanh', [plus(graph, sums.ofInput, sums.ofState(hidden))]),
})

const plus = (graph: TensorGraph, a: TfNode, b: TfNode): TfNode => graph.add('AddV2', [a, b])
const times = (graph: TensorGraph, a: TfNode, b: TfNode): TfNode => graph.add('Mul', [a, b])

const gateOf = (graph: TensorGraph, sums: TfNode, gate: number, size: number): TfNode =>
  graph.sliceAxis(sums, 2, 1, gate * size, size)

const sigmoidOfSum = (
  graph: TensorGraph,
  [a, b]: readonly [TfNode, TfNode],
  gate: number,
  size: number,
): TfNode =>
  graph.add('Sigmoid', [plus(graph, gateOf(graph, a, gate, size), gateOf(graph, b, gate, size))])

/** (1 − z) g + z h. */
const blend = (graph: TensorGraph, z: TfNode, g: TfNode, hidden: TfNode): TfNode =>
  plus(graph, g, times(graph, z, graph.add('Sub', [hidden, g])))

function recurrent(
  gates: number,
  activations: readonly string[],
  cellOf: (operator: Operator) => Cell,
): Rule {
  return (operator) => {
    const { node, graph } = operator
    refuseForms(operator, activations)
    const x = requireInput(operator, 0)
    const [steps, directions] = [
      requireFixed(x.shape, 0),
      requireInput(operator, 1).shape[0]!.fixed,
    ]
    const size = requireFixed(requireInput(operator, 2).shape, 2)
    const examples = x.shape[1]!
    const direction = readString(node, 'direction', 'forward')
    const runs = Array.from({ length: directions }, (_, k) =>
      runDirection(operator, cellOf(operator), {
        ...{ k, gates, steps, size, examples },
        isReverse: direction === 'reverse' || k === 1,
      }),
    )
    const join = (nodes: readonly TfNode[]): TfNode =>
      graph.concat(
        nodes.map((own) => graph.reshape(own, [fixedLength(1), examples, fixedLength(size)])),
        0,
      )
    const all = Array.from({ length: steps }, (_, step) =>
      join(runs.map(({ states }) => states[step]!)),
    )
    const last = [fixedLength(directions), examples, fixedLength(size)]
    const shape = [fixedLength(steps), ...last]
    return [
      createValue('float32', shape, 'first', graph.reshape(graph.concat(all, 0), shape)),
      createValue('float32', last, 'first', join(runs.map(({ end }) => end.hidden))),
      createValue('float32', last, 'first', join(runs.map(({ end }) => end.cell))),
    ]
  }
}

interface Direction {
  readonly k: number
  readonly gates: number
  readonly steps: number
  readonly size: number
  readonly examples: Length
  readonly isReverse: boolean
}

/** @returns the states of all steps in the order of the input, and the last one that was computed */
function runDirection(
  operator: Operator,
  cell: Cell,
  { k, gates, steps, size, examples, isReverse }: Direction,
): { readonly states: readonly TfNode[]; readonly end: State } {
  const { graph, inputs } = operator
  const x = requireInput(operator, 0)
  const width = requireFixed(x.shape, 2)
  const [w, r] = [1, 2].map((at) => matrixOf(operator, requireInput(operator, at), k)) as [
    TfNode,
    TfNode,
  ]
  const bias = inputs[3] && biasesOf(operator, inputs[3], k, gates * size)
  const initial = (at: number): TfNode => stateOf(operator, inputs[at], k, examples, size)
  const withBias = (node: TfNode, at: 0 | 1): TfNode =>
    bias === undefined ? node : plus(graph, node, bias[at])
  let state: State = { hidden: initial(5), cell: initial(6) }
  const states: TfNode[] = []
  for (let step = 0; step < steps; step++) {
    const own = isReverse ? steps - 1 - step : step
    const at = graph.sliceAxis(graph.first(x), 3, 0, own, 1)
    const input = graph.reshape(at, [examples, fixedLength(width)])
    const ofState = (hidden: TfNode): TfNode => withBias(graph.matMul(hidden, r, [false, true]), 1)
    const ofInput = withBias(graph.matMul(input, w, [false, true]), 0)
    state = cell(graph, state, { ofInput, ofState }, size)
    states[own] = state.hidden
  }
  return { states, end: state }
}

/** Returns the weights of a direction, [gates · hidden, …]. */
function matrixOf(operator: Operator, value: TensorValue, k: number): TfNode {
  const { graph } = operator
  return graph.reshape(graph.first(take(operator, value, 0, [k])), value.shape.slice(1))
}

/** Returns the biases of the input and of the state. */
function biasesOf(
  operator: Operator,
  value: TensorValue,
  k: number,
  length: number,
): readonly [TfNode, TfNode] {
  const { graph } = operator
  const all = matrixOf(operator, value, k)
  return [graph.sliceAxis(all, 1, 0, 0, length), graph.sliceAxis(all, 1, 0, length, length)]
}

/** Returns the initial state of a direction, by default zeros. */
function stateOf(
  operator: Operator,
  value: TensorValue | undefined,
  k: number,
  examples: Length,
  size: number,
): TfNode {
  const { graph } = operator
  const shape = [examples, fixedLength(size)]
  return value === undefined
    ? graph.add('BroadcastTo', [graph.number(0), graph.shapeVector(shape)])
    : graph.reshape(graph.first(take(operator, value, 0, [k])), shape)
}

function refuseForms({ node, inputs }: Operator, activations: readonly string[]): void {
  const given = node.attributes['activations']
  const names = given?.kind === 'strings' ? given.value : []
  if (names.some((name, k) => name !== activations[k % activations.length])) {
    throw new Refusal(
      `its activations ${names.join(', ')} aren't supported; expected ${activations.join(', ')}`,
    )
  }
  if (inputs[4] !== undefined) throw new Refusal('sequences of different lengths are not supported')
  if (inputs[7] !== undefined) throw new Refusal('peepholes are not supported')
  if (node.attributes['clip'] !== undefined) throw new Refusal('a clipped cell is not supported')
  if (readInt(node, 'layout', 0) === 1) throw new Refusal('layout = 1 is not supported')
  if (readInt(node, 'input_forget', 0) === 1) throw new Refusal('input_forget is not supported')
}
