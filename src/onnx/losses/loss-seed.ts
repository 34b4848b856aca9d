import type { PositionLoss } from '../../losses/loss.js'
import { isFocal } from '../../losses/names.js'
import type { GraphBuilder } from '../graph/graph-builder.js'
import type { OnnxNode } from '../model/onnx-model.js'
import { readInt } from '../model/attributes.js'
import {
  binaryGradient,
  shareGradient,
  sigmoidGradient,
  softmaxGradient,
} from './cross-entropies.js'
import { createExpressions, type Expressions } from './expressions.js'
import {
  binaryFocalGradient,
  binaryFocalLogitGradient,
  shareFocalGradient,
  softmaxFocalGradient,
} from './focal-losses.js'
import { categoricalHingeGradient, hingeGradient, squaredHingeGradient } from './hinge-losses.js'

/** A gradient, and the tensor that it belongs to. */
export interface Seed {
  readonly tensor: string
  readonly gradient: string
}

/** The tensors that a loss is computed from. */
export interface LossTensors {
  readonly output: string
  /** Float32, of the output's shape; for the sparse losses, without its last axis. */
  readonly labels: string
  /** Float32, one number per position, [B, …positions, 1]; undefined for the mean over positions. */
  readonly factors: string | undefined
}

/**
 * Appends the gradient of a named loss, example by example, at which the backward pass starts: the logits if the model
 * ends in softmax or sigmoid and the loss is a cross-entropy, else the output. At the logits it is p − y, which is
 * right also where the probability of the label underflows.
 *
 * @param nodes the nodes of the model
 */
export function appendLossSeed(
  graph: GraphBuilder,
  nodes: readonly OnnxNode[],
  loss: PositionLoss,
  { output, labels, factors }: LossTensors,
): Seed {
  const shape = graph.infoOf(output).shape
  const classCount = shape.length > 1 ? (shape.at(-1) ?? 1) : 1
  const e = createExpressions(graph)
  const y = loss.name.startsWith('sparse')
    ? graph.add('OneHot', [
        graph.add('Cast', [labels], { to: 7 }),
        graph.integers(classCount),
        graph.constant([0, 1]),
      ])
    : labels
  const tensor = findStart(loss, graph, nodes, output)
  const isAtLogits = tensor !== output || loss.name.endsWith('FromLogits')
  const shaped = (given: string): string => graph.add('Reshape', [given, graph.shapeOf(output)])
  const logits = !isAtLogits ? undefined : tensor === output ? output : shaped(tensor)
  const perPosition = positionGradient(e, loss, y, { output, logits, classCount })
  const positions = shape.slice(1, -1).reduce<number>((size, length) => size * (length ?? 1), 1)
  const gradient = applyFactors(e, perPosition, factors, positions)
  return tensor === output
    ? { tensor, gradient }
    : { tensor, gradient: graph.add('Reshape', [gradient, graph.shapeOf(tensor)]) }
}

interface Start {
  readonly output: string
  /** Of the output's shape; undefined if the loss takes outputs for probabilities or values. */
  readonly logits: string | undefined
  readonly classCount: number
}

function findStart(
  { name }: PositionLoss,
  graph: GraphBuilder,
  nodes: readonly OnnxNode[],
  output: string,
): string {
  const isEntropy = name.endsWith('Crossentropy') || name.startsWith('kullback')
  if (name.endsWith('FromLogits') || !isEntropy) return output
  const activation = name.startsWith('binary') ? 'Sigmoid' : 'Softmax'
  return findPreActivation(graph, nodes, activation, output) ?? output
}

/** ∂ℓ of each position, of the output's shape: with respect to the logits if there are any, else to the output. */
function positionGradient(
  e: Expressions,
  loss: PositionLoss,
  y: string,
  { output, logits, classCount }: Start,
): string {
  const { name } = loss
  const meanOfLast = (gradient: string): string =>
    classCount === 1 ? gradient : e.div(gradient, classCount)
  if (name.startsWith('binary')) {
    const gradient = isFocal(name)
      ? logits === undefined
        ? binaryFocalGradient(e, y, output, loss)
        : binaryFocalLogitGradient(e, y, logits, loss)
      : logits === undefined
        ? binaryGradient(e, y, output)
        : sigmoidGradient(e, y, logits)
    return meanOfLast(gradient)
  }
  if (isFocal(name)) {
    return logits === undefined
      ? shareFocalGradient(e, y, output, loss)
      : softmaxFocalGradient(e, y, logits, classCount, loss)
  }
  const shares = (): string => (name.endsWith('FromLogits') ? e.softmax(output) : output)
  const error = (): string => e.sub(output, y)
  switch (name) {
    case 'hinge':
      return meanOfLast(hingeGradient(e, y, output))
    case 'squaredHinge':
      return meanOfLast(squaredHingeGradient(e, y, output))
    case 'categoricalHinge':
      return categoricalHingeGradient(e, y, output)
    case 'meanSquaredError':
      return meanOfLast(e.mul(error(), 2))
    case 'meanAbsoluteError':
      return meanOfLast(e.sign(error()))
    case 'huber':
      return meanOfLast(e.min(e.max(error(), -loss.delta), loss.delta))
    case 'kullbackLeiblerDivergence':
      // Like Keras, it takes outputs that no softmax has normalized as they are.
      return logits === undefined
        ? e.neg(e.where(e.isEqual(y, 0), 0, e.div(y, output)))
        : softmaxGradient(e, y, shares(), classCount)
    default:
      return logits === undefined
        ? shareGradient(e, y, output)
        : softmaxGradient(e, y, shares(), classCount)
  }
}

/** Each position's gradient times its factor. A factor of 0 leaves out numbers that aren't finite, too. */
function applyFactors(
  e: Expressions,
  gradient: string,
  factors: string | undefined,
  positions: number,
): string {
  if (factors === undefined) return positions === 1 ? gradient : e.div(gradient, positions)
  return e.where(e.isEqual(factors, 0), 0, e.mul(gradient, factors))
}

/** What went into the activation that made the output, if the model ends in that one. */
function findPreActivation(
  graph: GraphBuilder,
  nodes: readonly OnnxNode[],
  activation: string,
  output: string,
): string | undefined {
  let tensor = output
  for (const node of nodes.toReversed()) {
    if (!node.outputs.includes(tensor) || node.domain !== '') continue
    const [before = ''] = node.inputs
    const lastAxis = graph.rankOf(before) - 1
    if (node.op === activation) {
      const axis = readInt(node, 'axis', -1)
      return activation === 'Sigmoid' || axis === -1 || axis === lastAxis ? before : undefined
    }
    const keepsValues = node.op === 'Identity' || node.op === 'Reshape'
    if (!keepsValues || graph.lengthOf(before, -1) !== graph.lengthOf(tensor, -1)) return undefined
    tensor = before
  }
  return undefined
}
