import {
  broadcastStrides,
  elementAt,
  fromElements,
  indicesOf,
  type KnownValues,
} from './known-values.js'
import {
  add,
  divide,
  fixedLength,
  isFixed,
  type Length,
  multiply,
  signOf,
  subtract,
} from './length.js'
import type { TfType } from './tf-graph.js'

/** Computes an element; undefined for one that isn't linear in the number of examples. */
type Formula = (...operands: readonly Length[]) => Length | undefined

const truth = (isTrue: boolean | undefined): Length | undefined =>
  isTrue === undefined ? undefined : fixedLength(isTrue ? 1 : 0)

const compare =
  (isMet: (sign: -1 | 0 | 1) => boolean): Formula =>
  (a, b) => {
    const sign = signOf(subtract(a, b))
    return truth(sign === undefined ? undefined : isMet(sign))
  }

/** A formula of numbers that don't depend on the number of examples. */
const ofNumbers =
  (formula: (...numbers: number[]) => number): Formula =>
  (...operands) =>
    operands.every(isFixed)
      ? fixedLength(formula(...operands.map(({ fixed }) => fixed)))
      : undefined

const chooseBySign =
  (wanted: -1 | 1): Formula =>
  (a, b) => {
    const sign = signOf(subtract(a, b))
    return sign === undefined ? undefined : sign === wanted ? a : b
  }

const formulas: Readonly<Record<string, Formula | undefined>> = {
  Abs: ofNumbers(Math.abs),
  Add: (a, b) => add(a, b),
  And: ofNumbers((a, b) => a && b),
  Ceil: ofNumbers(Math.ceil),
  Equal: compare((sign) => sign === 0),
  Exp: ofNumbers(Math.exp),
  Floor: ofNumbers(Math.floor),
  Fmod: ofNumbers((a, b) => a % b),
  Greater: compare((sign) => sign > 0),
  GreaterOrEqual: compare((sign) => sign >= 0),
  Less: compare((sign) => sign < 0),
  LessOrEqual: compare((sign) => sign <= 0),
  Log: ofNumbers(Math.log),
  Max: chooseBySign(1),
  Min: chooseBySign(-1),
  // With the sign of the divisor.
  Mod: ofNumbers((a, b) => a - b * Math.floor(a / b)),
  Mul: (a, b) => multiply(a, b),
  Neg: (a) => subtract(fixedLength(0), a),
  Not: ofNumbers((a) => (a === 0 ? 1 : 0)),
  Or: ofNumbers((a, b) => a || b),
  Pow: ofNumbers((a, b) => a ** b),
  Reciprocal: ofNumbers((a) => 1 / a),
  Sign: ofNumbers(Math.sign),
  Sqrt: ofNumbers(Math.sqrt),
  Sub: (a, b) => subtract(a, b),
  Where: (condition, a, b) => (isFixed(condition) ? (condition.fixed === 0 ? b : a) : undefined),
}

/** The types of results that aren't those of the last input. */
const booleans: ReadonlySet<string> = new Set([
  ...['Equal', 'Greater', 'GreaterOrEqual', 'Less', 'LessOrEqual', 'Not', 'And', 'Or'],
])

/** What an elementwise operator of known tensors computes. */
export interface FoldedElements {
  readonly type: TfType
  readonly known: KnownValues
}

/** @returns undefined for an operator that isn't elementwise, or a result that isn't known */
export function foldElements(
  op: string,
  type: TfType,
  inputs: readonly KnownValues[],
): FoldedElements | undefined {
  const formula = op === 'Div' ? divisionOf(type) : formulas[op]
  if (formula === undefined) return undefined
  const [first, ...others] = inputs
  if (first === undefined) return undefined
  let known: KnownValues | undefined = first
  if (['Max', 'Min'].includes(op)) {
    for (const other of others) known = known && applyFormula(formula, [known, other])
  } else known = applyFormula(formula, inputs)
  if (known === undefined) return undefined
  const result = booleans.has(op) ? 'bool' : type
  if (result === 'float32') return { type: result, known: roundToFloat(known) }
  // A negative power of an integer is rounded towards zero.
  return { type: result, known: { ...known, fixed: known.fixed.map(Math.trunc) } }
}

const divisionOf = (type: TfType): Formula =>
  type === 'float32'
    ? (a, b) =>
        isFixed(b) ? { perExample: a.perExample / b.fixed, fixed: a.fixed / b.fixed } : divide(a, b)
    : (a, b) => divide(a, b)

function applyFormula(formula: Formula, inputs: readonly KnownValues[]): KnownValues | undefined {
  const shape = broadcastKnown(inputs.map((input) => input.shape))
  if (shape === undefined) return undefined
  const places = inputs.map((input) => indicesOf(shape, broadcastStrides(input.shape, shape)))
  const elements: Length[] = []
  for (let at = 0; at < places[0]!.length; at++) {
    const element = formula(...inputs.map((input, k) => elementAt(input, places[k]![at]!)))
    if (element === undefined) return undefined
    elements.push(element)
  }
  return fromElements(elements, shape)
}

function broadcastKnown(shapes: readonly (readonly number[])[]): number[] | undefined {
  const rank = Math.max(...shapes.map(({ length }) => length))
  const shape = Array.from({ length: rank }, (_, axis) =>
    shapes
      .map((own) => own[axis - rank + own.length] ?? 1)
      .reduce((longest, length) => (longest === 1 ? length : longest)),
  )
  const fits = shapes.every((own) =>
    own.every((length, k) => length === 1 || length === shape[k + rank - own.length]),
  )
  return fits ? shape : undefined
}

/** ONNX computes in float32. */
export const roundToFloat = (known: KnownValues): KnownValues => ({
  ...known,
  fixed: known.fixed.map(Math.fround),
})
