import { InvalidArgumentError } from '../errors.js'
import { checkPredictor } from '../explainers/session/model-session.js'
import { selectTrainable } from '../explainers/session/parameters.js'
import { sameShape } from '../ndarray.js'
import { assertKnownKeys, describe } from '../options.js'
import type { ParameterSpec, Predictor } from '../predictor.js'
import type { ByteStore } from '../store/bytes/byte-store.js'

/** A model as it was at some point of its training. */
export interface Checkpoint<Value = unknown, Item = never> {
  /** The model with the weights of that point. */
  readonly predictor: Predictor<Value, Item>
  /** The learning rate of the steps near that point, above 0: η in the sum over the checkpoints. */
  readonly learningRate: number
  /** The training gradients of this checkpoint, written by `precompute` or `fit` of GradientSimilarity. Default: none. */
  readonly store?: ByteStore | undefined
}

/**
 * Reads the checkpoints of one model.
 *
 * @throws InvalidArgumentError for an empty list, a learning rate that is not above 0, or another architecture
 */
export function readCheckpoints<Value, Item>(
  checkpoints: readonly Checkpoint<Value, Item>[],
): readonly Checkpoint<Value, Item>[] {
  if (!Array.isArray(checkpoints) || checkpoints.length === 0) {
    throw new InvalidArgumentError(
      'checkpoints',
      describe(checkpoints),
      'a list of one or more { predictor, learningRate, store }',
    )
  }
  const read = checkpoints as readonly Checkpoint<Value, Item>[]
  for (const [i, { predictor, learningRate }] of read.entries()) {
    const argument = `checkpoints[${i}]`
    assertKnownKeys(argument, read[i]!, ['predictor', 'learningRate', 'store'])
    checkPredictor(predictor)
    if (!(Number.isFinite(learningRate) && learningRate > 0)) {
      throw new InvalidArgumentError(
        `${argument}.learningRate`,
        describe(learningRate),
        'a finite number above 0',
      )
    }
    assertSameArchitecture(`${argument}.predictor`, predictor, read[0]!.predictor)
  }
  return [...read]
}

/** Compares parameters in their order: frameworks number the names of layers, so names may differ. */
function assertSameArchitecture(
  argument: string,
  predictor: Pick<Predictor, 'parameters' | 'inputs'>,
  first: Pick<Predictor, 'parameters' | 'inputs'>,
): void {
  const [own, expected] = [selectTrainable(predictor), selectTrainable(first)]
  for (let i = 0; i < Math.max(own.length, expected.length); i++) {
    const [given, wanted] = [own[i], expected[i]]
    if (given !== undefined && wanted !== undefined && sameShape(given.shape, wanted.shape)) {
      continue
    }
    throw new InvalidArgumentError(
      argument,
      given === undefined ? `no parameter ${i}` : `parameter ${describeParameter(given)}`,
      `${wanted === undefined ? `${expected.length} trainable parameters` : describeParameter(wanted)}, as in the ` +
        'first checkpoint: checkpoints are of one model',
    )
  }
  const shapesOf = ({ inputs }: Pick<Predictor, 'inputs'>): string =>
    inputs.map(({ shape }) => `[${shape.map((length) => length ?? 'any').join(', ')}]`).join(', ')
  if (shapesOf(predictor) === shapesOf(first)) return
  throw new InvalidArgumentError(
    argument,
    `inputs of shape ${shapesOf(predictor)}`,
    `${shapesOf(first)}, as in the first checkpoint: checkpoints are of one model`,
  )
}

const describeParameter = ({ name, shape }: ParameterSpec): string =>
  `'${name}' of shape [${shape.join(', ')}]`
