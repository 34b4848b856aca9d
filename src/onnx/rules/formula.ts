import type { GradientGraph } from '../graph/gradient-graph.js'

/** A tensor's name, or a number. */
type Term = string | number

/** Appends the operators of a formula to a graph; operands are broadcast. */
export class Formula {
  readonly graph: GradientGraph

  constructor(graph: GradientGraph) {
    this.graph = graph
  }

  sum = (a: Term, b: Term): string => this.#binary('Add', a, b)
  difference = (a: Term, b: Term): string => this.#binary('Sub', a, b)
  product = (a: Term, b: Term): string => this.#binary('Mul', a, b)
  quotient = (a: Term, b: Term): string => this.#binary('Div', a, b)
  power = (a: Term, b: Term): string => this.#binary('Pow', a, b)
  square = (a: string): string => this.product(a, a)

  /** Applies an operator of one input, such as 'Exp'. */
  apply = (op: string, a: string): string => this.graph.add(op, [a])

  /** Both conditions are met. */
  and = (a: string, b: string): string => this.graph.add('And', [a, b])
  isEqual = (a: Term, b: Term): string => this.#binary('Equal', a, b)
  isGreater = (a: Term, b: Term): string => this.#binary('Greater', a, b)
  isLess = (a: Term, b: Term): string => this.#binary('Less', a, b)
  isAtLeast = (a: Term, b: Term): string => this.#binary('GreaterOrEqual', a, b)
  isAtMost = (a: Term, b: Term): string => this.#binary('LessOrEqual', a, b)

  /** One value where a condition is met, another elsewhere. */
  choose = (condition: string, yes: Term, no: Term): string =>
    this.graph.add('Where', [condition, this.#tensor(yes), this.#tensor(no)])

  /** 1 where a condition is met, 0 elsewhere. */
  indicator = (condition: string): string => this.graph.add('Cast', [condition], { to: 1 })

  /** The sum over some axes, which stay with length 1. */
  sumOver = (a: string, axes: readonly number[]): string => this.#reduce('ReduceSum', a, axes)
  meanOver = (a: string, axes: readonly number[]): string => this.#reduce('ReduceMean', a, axes)

  #reduce(op: string, a: string, axes: readonly number[]): string {
    // Without axes, the operators reduce over all of them.
    return axes.length === 0 ? a : this.graph.add(op, [a, this.graph.integers(...axes)])
  }

  #binary(op: string, a: Term, b: Term): string {
    return this.graph.add(op, [this.#tensor(a), this.#tensor(b)])
  }

  #tensor(term: Term): string {
    return typeof term === 'number' ? this.graph.constant(term) : term
  }
}
