import { InvalidArgumentError } from '../errors.js'
import { describe, assertKnownKeys, readNonNegativeNumber, readChoice } from '../options.js'
import { isFocal, labelForm, type LossName, lossNames } from './names.js'

/**
 * A function of the framework's own labels and predictions, differentiable by the framework. It is called for one
 * example at a time, [1, …], and returns one value.
 */
export interface LossFunction<Value> {
  (yTrue: Value, yPred: Value): Value
  /** The gradient of the loss at the prediction, where the framework doesn't differentiate functions. */
  readonly gradient?: LossWithGradient<Value>['gradient']
}

/** A loss with its gradient, for models of frameworks that don't differentiate functions, such as ONNX Runtime. */
export interface LossWithGradient<Value> {
  /** The loss of one example, [1, …]. */
  readonly value: (yTrue: Value, yPred: Value) => number
  /** The gradient of that loss at the prediction, in the prediction's shape. */
  readonly gradient: (yTrue: Value, yPred: Value) => Value
}

const reductions = ['mean', 'weightedMean', 'sum'] as const

/** How the losses of an example's positions become the loss of the example; see `NamedLoss.reduction`. */
export type Reduction = (typeof reductions)[number]

/** A loss by name, with its options. The weights and masks of examples are given with their labels. */
export interface NamedLoss {
  readonly name: LossName
  /** Positions with this class index don't count. Sparse losses only. */
  readonly ignoreLabel?: number | undefined
  /** The weight of each class: a list, or a record by class index, in which missing classes have weight 1. */
  readonly classWeight?: readonly number[] | Readonly<Record<number, number>> | undefined
  /**
   * From the losses ℓ and weights w of an example's T positions to its loss. 'mean': Σ w ℓ / the number of positions
   * that count. 'weightedMean': Σ w ℓ / Σ w. 'sum': Σ w ℓ. Default 'mean'.
   */
  readonly reduction?: Reduction | undefined
  /** Where the Huber loss turns from squares to absolute values. Default 1. */
  readonly delta?: number | undefined
  /** The exponent of focal losses. Default 2. */
  readonly gamma?: number | undefined
  /**
   * The factor of focal losses. Categorical: of all classes, default 0.25. Binary: α for label 1 and 1 − α for label 0;
   * neither by default.
   */
  readonly alpha?: number | undefined
}

/** A loss: its name, its name with options, or a function. */
export type Loss<Value> = LossName | NamedLoss | LossFunction<Value> | LossWithGradient<Value>

/** A named loss of one position, as adapters compute it. */
export interface PositionLoss {
  readonly name: LossName
  readonly delta: number
  readonly gamma: number
  /** Null if a binary focal loss doesn't balance its labels. */
  readonly alpha: number | null
}

/** A named loss with all its options, read. */
export interface LossSettings extends PositionLoss {
  readonly reduction: Reduction
  readonly ignoreLabel: number | null
  /** By class index. */
  readonly classWeight: ReadonlyMap<number, number> | null
  /** The options that were given, by which stores know the loss. */
  readonly given: Omit<NamedLoss, 'name'>
}

/** What of a loss's settings adapters compute. */
export const positionLoss = ({ name, delta, gamma, alpha }: PositionLoss): PositionLoss => ({
  name,
  delta,
  gamma,
  alpha,
})

/** A loss as it was read: settings, or the function itself. */
export type ReadLoss<Value> = LossSettings | LossFunction<Value>

const optionNames = [
  'name',
  'ignoreLabel',
  'classWeight',
  'reduction',
  'delta',
  'gamma',
  'alpha',
] as const satisfies readonly (keyof NamedLoss)[]

/** @throws InvalidArgumentError for anything but a function, the name of a loss, or a name with options that it has */
export function readLoss<Value>(lossFn: Loss<Value>): ReadLoss<Value> {
  if (typeof lossFn === 'function') return lossFn
  const isObject = typeof lossFn === 'object' && (lossFn as unknown) !== null
  if (isObject && 'gradient' in lossFn) return withGradient(lossFn)
  const isNamed = isObject && 'name' in lossFn
  const named: NamedLoss = isNamed ? lossFn : { name: lossFn as LossName }
  const argument = isNamed ? 'lossFn.name' : 'lossFn'
  if (!(lossNames as readonly unknown[]).includes(named.name)) {
    const names = lossNames.map((name) => `'${name}'`).join(', ')
    const other = isNamed
      ? ''
      : 'a function (yTrue, yPred) => loss, { value, gradient }, { name, ...options }, or '
    throw new InvalidArgumentError(argument, describe(named.name), `${other}one of ${names}`)
  }
  refuseExampleWeights(named)
  assertKnownKeys('lossFn', named, optionNames)
  const { name, ignoreLabel, classWeight } = named
  const given = Object.fromEntries(
    optionNames.slice(1).flatMap((key) => (named[key] === undefined ? [] : [[key, named[key]]])),
  )
  for (const key of Object.keys(given)) refuseUnused(name, key)
  return {
    name,
    reduction: readChoice('lossFn.reduction', named.reduction ?? 'mean', reductions),
    ignoreLabel: ignoreLabel === undefined ? null : integer('lossFn.ignoreLabel', ignoreLabel),
    classWeight: classWeight === undefined ? null : readClassWeight(classWeight),
    delta: positiveNumber('lossFn.delta', named.delta ?? 1),
    gamma: readNonNegativeNumber('lossFn.gamma', named.gamma ?? 2),
    alpha: readAlpha(named),
    given,
  }
}

/** Makes a function of a loss and its gradient, which stores know by the source of both. */
function withGradient<Value>(loss: LossWithGradient<Value>): LossFunction<Value> {
  assertKnownKeys('lossFn', loss, ['value', 'gradient'])
  const { value, gradient } = loss
  for (const [key, given] of Object.entries({ value, gradient })) {
    if (typeof given === 'function') continue
    throw new InvalidArgumentError(`lossFn.${key}`, describe(given), 'a function (yTrue, yPred)')
  }
  // The adapters that call it take a number for a value.
  const call = (yTrue: Value, yPred: Value): Value => value(yTrue, yPred) as Value
  return Object.assign(call, { gradient, toString: () => `${String(value)} ${String(gradient)}` })
}

/** Weights of examples are data, and options are not: they are given with the labels. */
function refuseExampleWeights(named: NamedLoss): void {
  const key = ['sampleWeight', 'mask'].find((option) => option in named)
  if (key === undefined) return
  throw new InvalidArgumentError(
    'lossFn',
    `'${key}'`,
    `it with the labels: { labels, ${key} } in the place of the labels`,
  )
}

/** An option that the loss doesn't have would be overlooked in silence. */
function refuseUnused(name: LossName, key: string): void {
  const form = labelForm(name)
  const uses: Readonly<Record<string, readonly [boolean, string]>> = {
    ignoreLabel: [
      form === 'class',
      'only sparse losses have it; for others, give a mask with the labels: { labels, mask }',
    ],
    classWeight: [
      form !== 'values' && !name.startsWith('kullback'),
      'only losses of classes have it; for others, give weights with the labels: { labels, sampleWeight }',
    ],
    delta: [name === 'huber', "only 'huber' has it"],
    gamma: [isFocal(name), 'only focal losses have it'],
    alpha: [isFocal(name), 'only focal losses have it'],
  }
  const [isUsed, users] = uses[key] ?? [true, '']
  if (isUsed) return
  throw new InvalidArgumentError(`lossFn.${key}`, `a value for '${name}'`, `none: ${users}`)
}

function readClassWeight(given: unknown): Map<number, number> {
  if (typeof given !== 'object' || given === null || ArrayBuffer.isView(given)) {
    throw new InvalidArgumentError(
      'lossFn.classWeight',
      describe(given),
      'a list of one weight per class, or a record of weights by class index',
    )
  }
  return new Map(
    Object.entries(given).map(([label, weight]): [number, number] => [
      classIndex(label),
      readNonNegativeNumber(`lossFn.classWeight[${label}]`, weight),
    ]),
  )
}

function classIndex(key: string): number {
  const label = Number(key)
  if (Number.isInteger(label) && label >= 0) return label
  throw new InvalidArgumentError(
    'lossFn.classWeight',
    `the class '${key}'`,
    'class indices, integers of 0 or more',
  )
}

function readAlpha({ name, alpha }: NamedLoss): number | null {
  if (alpha === undefined) return name.startsWith('binary') ? null : 0.25
  const read = positiveNumber('lossFn.alpha', alpha)
  if (!name.startsWith('binary') || read < 1) return read
  throw new InvalidArgumentError(
    'lossFn.alpha',
    String(read),
    'a number between 0 and 1: the weight of label 1; label 0 has the rest',
  )
}

function integer(argument: string, value: unknown): number {
  if (Number.isInteger(value)) return value as number
  throw new InvalidArgumentError(argument, describe(value), 'an integer')
}

function positiveNumber(argument: string, value: unknown): number {
  if (typeof value === 'number' && Number.isFinite(value) && value > 0) return value
  throw new InvalidArgumentError(argument, describe(value), 'a finite number above 0')
}
