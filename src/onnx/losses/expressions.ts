import type { GraphBuilder } from '../graph/graph-builder.js'

/** Operators on elements, and along the last axis, that losses are written in. A number is a constant. */
export interface Expressions {
  add(a: Term, b: Term): string
  sub(a: Term, b: Term): string
  mul(a: Term, b: Term): string
  div(a: Term, b: Term): string
  pow(a: Term, b: Term): string
  min(a: Term, b: Term): string
  max(a: Term, b: Term): string
  neg(a: Term): string
  exp(a: Term): string
  log(a: Term): string
  abs(a: Term): string
  sign(a: Term): string
  sigmoid(a: Term): string
  softmax(a: Term): string
  /** 1 where the condition holds, else 0. */
  isEqual(a: Term, b: Term): string
  isLess(a: Term, b: Term): string
  isAtLeast(a: Term, b: Term): string
  /** a where the condition is 1, b where it is 0. */
  where(condition: Term, a: Term, b: Term): string
  /** a / b, and 0 where b is 0. */
  divNoNan(a: Term, b: Term): string
  /** Sums and maxima along the last axis, which stays with length 1. */
  sumOfLast(a: Term): string
  maxOfLast(a: Term): string
  /** 1 at the largest number of each position, at the first one of equals. */
  likeliest(a: Term, length: number): string
}

export type Term = string | number

export function createExpressions(graph: GraphBuilder): Expressions {
  const tensor = (term: Term): string => (typeof term === 'number' ? graph.constant(term) : term)
  const unary =
    (op: string) =>
    (a: Term): string =>
      graph.add(op, [tensor(a)])
  const binary =
    (op: string) =>
    (a: Term, b: Term): string =>
      graph.add(op, [tensor(a), tensor(b)])
  const toFloat = (condition: string): string => graph.add('Cast', [condition], { to: 1 })
  const compare =
    (op: string) =>
    (a: Term, b: Term): string =>
      toFloat(graph.add(op, [tensor(a), tensor(b)]))
  const where = (condition: Term, a: Term, b: Term): string =>
    graph.add('Where', [graph.add('Cast', [tensor(condition)], { to: 9 }), tensor(a), tensor(b)])
  const div = binary('Div')
  const isEqual = compare('Equal')
  const last = (op: string) => (a: Term) =>
    graph.add(op, [tensor(a), graph.integers(-1)], { keepdims: 1 })
  return {
    add: binary('Add'),
    sub: binary('Sub'),
    mul: binary('Mul'),
    div,
    pow: binary('Pow'),
    min: binary('Min'),
    max: binary('Max'),
    neg: unary('Neg'),
    exp: unary('Exp'),
    log: unary('Log'),
    abs: unary('Abs'),
    sign: unary('Sign'),
    sigmoid: unary('Sigmoid'),
    softmax: unary('Softmax'),
    isEqual,
    isLess: compare('Less'),
    isAtLeast: compare('GreaterOrEqual'),
    where,
    divNoNan: (a, b) => {
      const isZero = isEqual(b, 0)
      return where(isZero, 0, div(a, where(isZero, 1, b)))
    },
    sumOfLast: last('ReduceSum'),
    maxOfLast: last('ReduceMax'),
    likeliest: (a, length) => {
      const largest = graph.add('ArgMax', [tensor(a)], { axis: -1, keepdims: 0 })
      return graph.add('OneHot', [largest, graph.integers(length), graph.constant([0, 1])])
    },
  }
}
