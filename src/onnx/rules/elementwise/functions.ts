import type { Rules } from '../rule.js'
import { createUnaryRule } from './unary.js'

/** Elementary functions. */
export const functions: Rules = {
  Exp: createUnaryRule(({ y }) => y),
  Log: createUnaryRule(({ formula: f, x }) => f.apply('Reciprocal', x)),
  Sqrt: createUnaryRule(({ formula: f, y }) => f.quotient(0.5, y)),
  Reciprocal: createUnaryRule(({ formula: f, y }) => f.apply('Neg', f.square(y))),
  Abs: createUnaryRule(({ formula: f, x }) => f.apply('Sign', x)),
  Neg: {
    differentiate: (_, [delta], graph) => [graph.add('Neg', [delta!])],
  },
  // 2/√π · exp(−x²)
  Erf: createUnaryRule(({ formula: f, x }) =>
    f.product(2 / Math.sqrt(Math.PI), f.apply('Exp', f.apply('Neg', f.square(x)))),
  ),

  Sin: createUnaryRule(({ formula: f, x }) => f.apply('Cos', x)),
  Cos: createUnaryRule(({ formula: f, x }) => f.apply('Neg', f.apply('Sin', x))),
  Tan: createUnaryRule(({ formula: f, y }) => f.sum(1, f.square(y))),
  Asin: createUnaryRule(({ formula: f, x }) =>
    f.quotient(1, f.apply('Sqrt', f.difference(1, f.square(x)))),
  ),
  Acos: createUnaryRule(({ formula: f, x }) =>
    f.quotient(-1, f.apply('Sqrt', f.difference(1, f.square(x)))),
  ),
  Atan: createUnaryRule(({ formula: f, x }) => f.quotient(1, f.sum(1, f.square(x)))),

  Sinh: createUnaryRule(({ formula: f, x }) => f.apply('Cosh', x)),
  Cosh: createUnaryRule(({ formula: f, x }) => f.apply('Sinh', x)),
  Tanh: createUnaryRule(({ formula: f, y }) => f.difference(1, f.square(y))),
  Asinh: createUnaryRule(({ formula: f, x }) =>
    f.quotient(1, f.apply('Sqrt', f.sum(1, f.square(x)))),
  ),
  Acosh: createUnaryRule(({ formula: f, x }) =>
    f.quotient(1, f.apply('Sqrt', f.difference(f.square(x), 1))),
  ),
  Atanh: createUnaryRule(({ formula: f, x }) => f.quotient(1, f.difference(1, f.square(x)))),
}
