import type { GradientGraph } from '../../graph/gradient-graph.js'
import { readInt, readString } from '../../model/attributes.js'
import type { OnnxNode } from '../../model/onnx-model.js'
import { fixedLength, range } from '../constants.js'
import { Formula } from '../formula.js'
import { refuse } from '../refuse.js'
import type { Gradient, Rule, Rules } from '../rule.js'
import type { Cell } from './cell.js'
import { createGru } from './gru.js'
import { differentiateLstm } from './lstm.js'
import { createRnn } from './rnn.js'
import { joinSteps, reverseSteps, splitGates, splitSteps, takeIndex } from './steps.js'

/** Recurrent layers, in one direction or both. Products over all steps at once; a loop over the steps for the rest. */
export const recurrent: Rules = {
  LSTM: createRecurrentRule(4, (node) => {
    refuseActivations(node, ['Sigmoid', 'Tanh', 'Tanh'])
    return differentiateLstm
  }),
  GRU: createRecurrentRule(3, (node) => {
    refuseActivations(node, ['Sigmoid', 'Tanh'])
    return createGru(readInt(node, 'linear_before_reset', 0) === 1)
  }),
  RNN: createRecurrentRule(1, (node) => {
    const names = activationsOf(node)
    if (names.length > 0 && names.every((name) => name === 'Relu')) return createRnn('relu')
    refuseActivations(node, ['Tanh'])
    return createRnn('tanh')
  }),
}

/** The gradients of the inputs x, W, R, B, initial state and initial cell in one direction. */
type DirectionGradients = readonly [string, string, string, string, string, string | undefined]

function createRecurrentRule(gates: number, cellOf: (node: OnnxNode) => Cell): Rule {
  return {
    constantInputs: [4],
    differentiate(node, deltas, graph) {
      refuseForms(node)
      const cell = cellOf(node)
      const layer = new RecurrentLayer(node, gates, deltas, graph)
      const found = range(layer.directions).map((direction) => layer.differentiate(direction, cell))
      const [x, , , b = ''] = node.inputs as [string, string, string, string?]
      const join = (k: number, axis: number): string => {
        const parts = found.map((each) => graph.add('Unsqueeze', [each[k]!, graph.integers(axis)]))
        return parts.length === 1 ? parts[0]! : graph.add('Concat', parts, { axis })
      }
      const initial = (k: number): Gradient =>
        (node.inputs[k] ?? '') === ''
          ? undefined
          : joinSteps(
              graph,
              found.map((each) => each[k - 1]!),
            )
      return [
        graph.sum(found.map((each) => each[0])),
        graph.sumExamples(join(1, 1), x, 1),
        graph.sumExamples(join(2, 1), x, 1),
        b === '' ? undefined : graph.sumExamples(join(3, 1), x, 1),
        undefined,
        initial(5),
        node.op === 'LSTM' ? initial(6) : undefined,
      ]
    },
  }
}

/** A node with the lengths of its axes. */
class RecurrentLayer {
  readonly directions: number
  readonly #node: OnnxNode
  readonly #graph: GradientGraph
  readonly #gates: number
  readonly #deltas: readonly Gradient[]
  readonly #steps: number
  readonly #hidden: number
  /** The states of all steps, [steps, directions, batch, hidden]. */
  readonly #states: string

  constructor(node: OnnxNode, gates: number, deltas: readonly Gradient[], graph: GradientGraph) {
    const [x, w, r] = node.inputs as [string, string, string]
    this.#node = node
    this.#gates = gates
    this.#deltas = deltas
    this.#graph = graph
    this.#steps = fixedLength(node, x, 0, graph)
    this.#hidden = fixedLength(node, r, 2, graph)
    this.directions = fixedLength(node, w, 0, graph)
    const [states = ''] = node.outputs
    // A model that uses the last state alone has no output of all of them.
    this.#states =
      states === '' ? graph.addSeveral(node.op, node.inputs, node.attributes, 2)[0]! : states
  }

  differentiate(direction: number, cell: Cell): DirectionGradients {
    const graph = this.#graph
    const f = new Formula(graph)
    const [x, w, r, b = '', , state = '', cells = ''] = this.#node.inputs as [
      string,
      string,
      string,
      ...(string | undefined)[],
    ]
    const isReverse =
      direction === 1 || readString(this.#node, 'direction', 'forward') === 'reverse'
    const ordered = (tensor: string): string => (isReverse ? reverseSteps(graph, tensor) : tensor)
    const inputs = ordered(x)
    const after = ordered(takeIndex(graph, this.#states, 1, direction))
    const initial = this.#initial(state, direction)
    const biases =
      b === ''
        ? undefined
        : splitGates(graph, takeIndex(graph, b, 0, direction), 2, this.#gates * this.#hidden, 0)
    const before = joinSteps(graph, [
      initial,
      ...splitSteps(graph, after, this.#steps).slice(0, -1),
    ])
    const own = { w: takeIndex(graph, w, 0, direction), r: takeIndex(graph, r, 0, direction) }
    const found = cell({
      ...{ formula: f, steps: this.#steps, hidden: this.#hidden, x: inputs, before, after, ...own },
      inputBias: biases?.[0],
      stateBias: biases?.[1],
      initialCell: this.#initial(cells, direction),
      deltas: this.#deltasOf(direction, ordered),
      ofLastCell: this.#ofLast(2, direction),
    })
    const ofInputs = ordered(graph.add('MatMul', [found.ofInputSums, own.w]))
    return [
      ofInputs,
      multiplyExamples(graph, found.ofInputSums, inputs),
      this.#ofStateWeights(found.ofStateSums, found.operands),
      this.#ofBiases(found.ofInputSums, found.ofStateSums),
      found.ofInitialState,
      found.ofInitialCell,
    ]
  }

  /** Per step in the order of the direction, the gradient of its state from the node's outputs. */
  #deltasOf(direction: number, ordered: (tensor: string) => string): readonly string[] {
    const graph = this.#graph
    const [ofStates] = this.#deltas
    const ofLast = this.#ofLast(1, direction)
    const all =
      ofStates === undefined
        ? graph.add('Mul', [takeIndex(graph, this.#states, 1, direction), graph.constant(0)])
        : takeIndex(graph, ofStates, 1, direction)
    const steps = splitSteps(graph, ordered(all), this.#steps)
    if (ofLast === undefined) return steps
    return [...steps.slice(0, -1), graph.add('Add', [steps.at(-1)!, ofLast])]
  }

  /** The gradient of an output of the last step, [1, batch, hidden]. */
  #ofLast(output: number, direction: number): string | undefined {
    const delta = this.#deltas[output]
    return delta === undefined ? undefined : this.#takeDirection(delta, direction)
  }

  #takeDirection(tensor: string, direction: number): string {
    if (this.directions === 1) return tensor
    const one = takeIndex(this.#graph, tensor, 0, direction)
    return this.#graph.add('Unsqueeze', [one, this.#graph.integers(0)])
  }

  #initial(input: string, direction: number): string {
    const graph = this.#graph
    if (input !== '') return this.#takeDirection(input, direction)
    const batch = graph.lengthTensor(this.#node.inputs[0]!, 1)
    const shape = graph.add('Concat', [graph.integers(1), batch, graph.integers(this.#hidden)], {
      axis: 0,
    })
    return graph.add('Expand', [graph.constant(0), shape])
  }

  /** Of each example, [batch, gates · hidden, hidden]. */
  #ofStateWeights(ofSums: string, operands: readonly string[]): string {
    const graph = this.#graph
    if (operands.length === 1) return multiplyExamples(graph, ofSums, operands[0]!)
    const gates = splitGates(graph, ofSums, operands.length, this.#hidden)
    const parts = gates.map((gate, k) => multiplyExamples(graph, gate, operands[k]!))
    return graph.add('Concat', parts, { axis: 1 })
  }

  /** Of each example, [batch, 2 · gates · hidden]. */
  #ofBiases(ofInputSums: string, ofStateSums: string): string {
    const graph = this.#graph
    const sums = [ofInputSums, ofStateSums].map((tensor) =>
      graph.add('ReduceSum', [tensor, graph.integers(0)], { keepdims: 0 }),
    )
    return graph.add('Concat', sums, { axis: 1 })
  }
}

/** Returns Σ δ aᵀ over the steps for each example, [batch, size of δ, size of a]. */
function multiplyExamples(graph: GradientGraph, delta: string, a: string): string {
  return graph.add('MatMul', [
    graph.add('Transpose', [delta], { perm: [1, 2, 0] }),
    graph.add('Transpose', [a], { perm: [1, 0, 2] }),
  ])
}

function activationsOf(node: OnnxNode): readonly string[] {
  const attribute = node.attributes['activations']
  return attribute?.kind === 'strings' ? attribute.value : []
}

/** Refuses activations other than the default ones, in each direction. */
function refuseActivations(node: OnnxNode, expected: readonly string[]): void {
  const names = activationsOf(node)
  if (names.every((name, k) => name === expected[k % expected.length])) return
  throw refuse(
    node,
    `the activations ${names.join(', ')} have no backward rule; expected ${expected.join(', ')}`,
  )
}

function refuseForms(node: OnnxNode): void {
  if ((node.inputs[4] ?? '') !== '') {
    throw refuse(node, 'sequences of several lengths have no backward rule')
  }
  if ((node.inputs[7] ?? '') !== '') throw refuse(node, 'peepholes have no backward rule')
  if (node.attributes['clip'] !== undefined) throw refuse(node, 'clip has no backward rule')
  if (readInt(node, 'input_forget', 0) === 1) {
    throw refuse(node, 'coupled input and forget gates have no backward rule')
  }
  if (readInt(node, 'layout', 0) === 1) {
    throw refuse(node, 'layout 1 has no backward rule; expected steps first, layout 0')
  }
}
