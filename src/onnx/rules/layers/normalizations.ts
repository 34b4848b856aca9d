import type { GradientGraph } from '../../graph/gradient-graph.js'
import { readFloat, readInt, readInts } from '../../model/attributes.js'
import { countFromZero, range } from '../constants.js'
import { Formula } from '../formula.js'
import { refuse } from '../refuse.js'
import type { Rule, Rules } from '../rule.js'
import { axesFrom, differentiateStandardized, standardize } from './standardize.js'

/** Normalizations over axes of each example, and batch normalization with its running statistics. */
export const normalizations: Rules = {
  BatchNormalization: {
    differentiate(node, [delta], graph) {
      if (readInt(node, 'training_mode', 0) === 1) {
        throw refuse(node, 'in training mode, the gradient of an example depends on its batch')
      }
      const [x, scale, bias, mean, variance] = node.inputs as [
        string,
        string,
        string,
        string,
        string,
      ]
      const [y] = node.outputs as [string]
      const f = new Formula(graph)
      const widen = (name: string): string => alongChannels(graph, name, graph.rankOf(x))
      const shifted = f.sum(variance, readFloat(node, 'epsilon', 1e-5))
      const factor = f.apply('Reciprocal', f.apply('Sqrt', shifted))
      const values = f.product(f.difference(x, widen(mean)), widen(factor))
      const ofX = f.product(delta!, widen(f.product(scale, factor)))
      const ofDeviation = f.product(f.product(ofX, values), widen(f.product(-0.5, factor)))
      return [
        ofX,
        graph.sumTo(scale, f.product(delta!, values), y, [1]),
        graph.sumTo(bias, delta!, y, [1]),
        graph.sumTo(mean, f.apply('Neg', ofX), y, [1]),
        graph.sumTo(variance, ofDeviation, y, [1]),
      ]
    },
  },
  LayerNormalization: createLayerRule(true),
  RMSNormalization: createLayerRule(false),
  InstanceNormalization: {
    differentiate(node, [delta], graph) {
      const [x, scale, bias] = node.inputs as [string, string, string]
      const [y] = node.outputs as [string]
      const f = new Formula(graph)
      const rank = graph.rankOf(x)
      const axes = axesFrom(2, rank)
      const standardized = standardize(f, x, axes, readFloat(node, 'epsilon', 1e-5))
      const scaled = f.product(delta!, alongChannels(graph, scale, rank))
      return [
        differentiateStandardized(f, standardized, scaled, axes),
        graph.sumTo(scale, f.product(delta!, standardized.values), y, [1]),
        graph.sumTo(bias, delta!, y, [1]),
      ]
    },
  },
  GroupNormalization: {
    differentiate(node, [delta], graph) {
      const [x, scale, bias] = node.inputs as [string, string, string]
      const [y] = node.outputs as [string]
      if (graph.opset < 21) {
        throw refuse(
          node,
          'before opset 21, its scale and bias are those of groups, not of channels',
        )
      }
      const f = new Formula(graph)
      const parts = graph.integers(0, readInt(node, 'num_groups', 1), -1)
      const group = (name: string): string => graph.add('Reshape', [name, parts])
      const separate = (name: string): string => graph.add('Reshape', [name, graph.shapeOf(x)])
      const standardized = standardize(f, group(x), [2], readFloat(node, 'epsilon', 1e-5))
      const scaled = f.product(delta!, alongChannels(graph, scale, graph.rankOf(x)))
      const values = separate(standardized.values)
      return [
        separate(differentiateStandardized(f, standardized, group(scaled), [2])),
        graph.sumTo(scale, f.product(delta!, values), y, [1]),
        graph.sumTo(bias, delta!, y, [1]),
      ]
    },
  },
  MeanVarianceNormalization: {
    differentiate(node, [delta], graph) {
      const [x] = node.inputs as [string]
      const f = new Formula(graph)
      const axes = countFromZero(readInts(node, 'axes') ?? [0, 2, 3], graph.rankOf(x))
      return [differentiateStandardized(f, standardize(f, x, axes, 0), delta!, axes)]
    },
  },
  // y = x / ‖x‖: (δ − sign · Σ δy) / ‖x‖, where the sign of the Euclidean norm is y. 0 where the norm is 0.
  LpNormalization: {
    differentiate(node, [delta], graph) {
      const [x] = node.inputs as [string]
      const [y] = node.outputs as [string]
      const f = new Formula(graph)
      const axes = countFromZero([readInt(node, 'axis', -1)], graph.rankOf(x))
      const isEuclidean = readInt(node, 'p', 2) === 2
      const norm = isEuclidean
        ? f.apply('Sqrt', f.sumOver(f.square(x), axes))
        : f.sumOver(f.apply('Abs', x), axes)
      const slope = isEuclidean ? y : f.apply('Sign', x)
      const change = f.difference(delta!, f.product(slope, f.sumOver(f.product(delta!, y), axes)))
      const isZero = f.isEqual(norm, 0)
      return [f.choose(isZero, 0, f.quotient(change, f.choose(isZero, 1, norm)))]
    },
  },
}

function createLayerRule(isCentred: boolean): Rule {
  return {
    differentiate(node, [delta], graph) {
      const [x, scale, bias = ''] = node.inputs as [string, string, string?]
      const [y] = node.outputs as [string]
      const f = new Formula(graph)
      const rank = graph.rankOf(x)
      const axes = axesFrom((readInt(node, 'axis', -1) + rank) % rank, rank)
      const epsilon = readFloat(node, 'epsilon', 1e-5)
      const standardized = standardize(f, x, axes, epsilon, isCentred)
      const scaled = f.product(delta!, scale)
      return [
        differentiateStandardized(f, standardized, scaled, axes, isCentred),
        graph.sumTo(scale, f.product(delta!, standardized.values), y),
        bias === '' ? undefined : graph.sumTo(bias, delta!, y),
      ]
    },
  }
}

/** Gives a vector of one number for each channel as many axes as a tensor of this rank has after the batch. */
const alongChannels = (graph: GradientGraph, vector: string, rank: number): string =>
  graph.add('Reshape', [vector, graph.integers(-1, ...range(rank - 2).fill(1))])
