import { type ArrayInput, toNdArray } from './array-input.js'
import { InvalidArgumentError, UnsupportedError } from './errors.js'
import type { NdArray } from './ndarray.js'
import { assertKnownKeys, describe } from './options.js'
import type { ArraySpec, Predictor, PredictorSession } from './predictor.js'

/** Returns the outputs [B, …] for one array [B, …] per input, at once or as a promise. */
export type PredictFunction = (...x: NdArray[]) => ArrayInput | Promise<ArrayInput>

/** An input of a function: its shape without the batch axis; null for an axis of any length. */
export interface PredictInput extends Pick<ArraySpec, 'shape' | 'channels'> {
  /** Default 'x', or 'x1', 'x2', … for several inputs. */
  readonly name?: string
  /** Default 'float32'. */
  readonly dtype?: ArraySpec['dtype']
}

/** Options of functionPredictor. */
export interface FunctionPredictorOptions {
  /** The inputs, in the order of the function's arguments. */
  readonly inputs: readonly PredictInput[]
  /** The model's name in messages. Default 'function'. */
  readonly name?: string
}

/**
 * Returns a Predictor for a function that predicts: a model on a server, a decision tree, rules. It has no gradients, so that
 * only `Occlusion` and measures of `gradlens/evaluation` can use it.
 *
 * @throws InvalidArgumentError for anything but a function and its inputs
 * @example
 * const predictor = functionPredictor((x) => forest.predict(x), {
 *   inputs: [{ shape: [12] }],
 * })
 * using explainer = new Occlusion(predictor)
 */
export function functionPredictor(
  predict: PredictFunction,
  options: FunctionPredictorOptions,
): Predictor<NdArray> {
  if (typeof predict !== 'function') {
    throw new InvalidArgumentError('predict', describe(predict), 'a function of arrays')
  }
  assertKnownKeys('options', options, ['inputs', 'name'])
  const { inputs, name = 'function' } = options
  const isList = Array.isArray(inputs) && inputs.length > 0
  if (!isList || inputs.some((input: Partial<PredictInput>) => !Array.isArray(input.shape))) {
    throw new InvalidArgumentError(
      'options.inputs',
      describe(inputs),
      'a list such as [{ shape: [12] }]',
    )
  }
  const refuse = (): Promise<never> =>
    Promise.reject(
      new UnsupportedError(
        'gradients',
        `model '${name}' is a function without gradients. Use Occlusion, or wrap the model with tfjsPredictor or ` +
          'onnxPredictor.',
      ),
    )
  const session: PredictorSession<NdArray> = {
    weightsVersion: 0,
    predict: async (x) => {
      const output = await toNdArray('the output of predict', await predict(...x))
      if (output.shape[0] === x[0]!.shape[0]) return output
      throw new InvalidArgumentError(
        'predict',
        `a function that returns shape [${output.shape.join(', ')}] for ${x[0]!.shape[0]} examples`,
        'outputs with the examples on the first axis',
      )
    },
    inputGradients: refuse,
    lossGradients: refuse,
    [Symbol.dispose]: () => undefined,
  }
  return {
    name,
    inputs: inputs.map((input: PredictInput, k): ArraySpec => ({
      dtype: 'float32',
      name: inputs.length === 1 ? 'x' : `x${k + 1}`,
      ...input,
    })),
    output: { name: 'output', shape: [null], dtype: 'float32' },
    parameters: [],
    devices: ['cpu'],
    open: () => Promise.resolve(session),
  }
}
