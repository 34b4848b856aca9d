import type { Tensor, Variable } from '@tensorflow/tfjs'
import { DisposedError, InvalidArgumentError } from '../../errors.js'
import { describe, assertKnownKeys } from '../../options.js'
import type { ArraySpec } from '../../predictor.js'
import { refuseForwardArguments } from './forward-arguments.js'
import type { TensorModel, Weight } from './model.js'
import { assertTensor, probeOutputShape } from './probe.js'

/** A model written as a function of tensors and variables. */
export interface FunctionModel {
  /**
   * Returns the output for one tensor per input. The first axis of all tensors is the examples. The
   * function runs in inference mode, is synchronous, and must not mix examples.
   */
  readonly call: (...x: Tensor[]) => Tensor
  /** All variables that the function uses. Those with `trainable: false` are frozen. */
  readonly variables: readonly Variable[]
  readonly inputs: readonly FunctionInput[]
  /** The shape of one example's output; null is any length. Default: found by a call on zeros. */
  readonly outputShape?: readonly (number | null)[] | undefined
  /** The name in messages and results. Default 'function'. */
  readonly name?: string | undefined
}

/** An input of a function of tensors. */
export interface FunctionInput {
  /** The shape of one example, without the batch axis; null is any length. */
  readonly shape: readonly (number | null)[]
  /** Default 'x0', 'x1', … */
  readonly name?: string | undefined
  /** Default 'float32'. */
  readonly dtype?: 'float32' | 'int32' | undefined
  /** The channel axis of an example, such as an image. Default 'last'. */
  readonly channels?: 'first' | 'last' | undefined
}

export function isFunctionModel(model: object): model is FunctionModel {
  return 'call' in model && typeof model.call === 'function' && 'variables' in model
}

/** Wraps a function of tensors and variables as a TensorModel. */
export function wrapFunctionModel(model: FunctionModel, options: object): TensorModel {
  refuseLogits(options)
  assertKnownKeys('options', options, ['preprocess'])
  assertKnownKeys('model', model, ['call', 'variables', 'inputs', 'outputShape', 'name'])
  const { name = 'function', outputShape } = model
  assertVariables(model.variables)
  const inputs = inputSpecs(model.inputs)
  const call = (x: readonly Tensor[]): Tensor => assertTensor(model.call(...x), name)
  const shape = outputShape ?? probeOutputShape(name, inputs, call, 'Give outputShape.')
  return {
    name,
    inputs,
    output: { name: 'output', shape: [...shape], dtype: 'float32' },
    weights: (): Weight[] =>
      model.variables.map((variable) => {
        if (variable.isDisposed) {
          throw new DisposedError(
            `variable '${variable.name}' of '${name}' was disposed by the page.`,
          )
        }
        const trainable = variable.trainable && variable.dtype === 'float32'
        return { name: variable.name, tensor: variable, trainable }
      }),
    constants: [],
    call: (x, forwardArguments): Tensor => {
      refuseForwardArguments(forwardArguments, name, inputs)
      return call(x)
    },
  }
}

function refuseLogits(options: { readonly logits?: unknown }): void {
  if (options.logits === undefined) return
  throw new InvalidArgumentError(
    'options.logits',
    `${describe(options.logits)} for a function`,
    'no logits option: return the logits from call, and use a loss whose name ends in FromLogits',
  )
}

function inputSpecs(inputs: unknown): ArraySpec[] {
  if (!Array.isArray(inputs) || inputs.length === 0) {
    throw new InvalidArgumentError(
      'model.inputs',
      describe(inputs),
      'a list with the shape of each input, without the batch: [{ shape: [28, 28, 1] }]',
    )
  }
  const specs = (inputs as FunctionInput[]).map((input, i): ArraySpec => {
    const argument = `model.inputs[${i}]`
    assertKnownKeys(argument, input, ['shape', 'name', 'dtype', 'channels'])
    const { shape, name = `x${i}`, dtype = 'float32' } = input
    const channels: unknown = input.channels
    if (!Array.isArray(shape) || !shape.every(isLength)) {
      throw new InvalidArgumentError(
        `${argument}.shape`,
        describe(shape),
        'the lengths of its axes without the batch axis; null for any length',
      )
    }
    if (channels !== undefined && channels !== 'first' && channels !== 'last') {
      throw new InvalidArgumentError(
        `${argument}.channels`,
        describe(channels),
        "'first' or 'last', the axis of an example that has the channels",
      )
    }
    const spec = { name, shape: [...(shape as readonly (number | null)[])], dtype }
    return channels === undefined ? spec : { ...spec, channels }
  })
  const twice = specs.find(({ name }, i) => specs.findIndex((spec) => spec.name === name) < i)
  if (twice === undefined) return specs
  throw new InvalidArgumentError(
    'model.inputs',
    `the name '${twice.name}' twice`,
    'a different name for each input',
  )
}

const isLength = (length: unknown): boolean =>
  length === null || (Number.isInteger(length) && (length as number) >= 1)

function assertVariables(variables: unknown): void {
  const expected = 'the list of the tf.Variables that the function computes with'
  if (!Array.isArray(variables)) {
    throw new InvalidArgumentError('model.variables', describe(variables), expected)
  }
  for (const [k, variable] of (variables as unknown[]).entries()) {
    if (typeof variable === 'object' && variable !== null && 'assign' in variable) continue
    throw new InvalidArgumentError(`model.variables[${k}]`, describe(variable), expected)
  }
  if (new Set(variables).size < variables.length) {
    throw new InvalidArgumentError(
      'model.variables',
      'the same variable twice',
      'each variable once, even if the function uses it several times',
    )
  }
}
