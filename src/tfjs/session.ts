import * as tf from '@tensorflow/tfjs'
import type { Tensor } from '@tensorflow/tfjs'
import { DisposedError, UnsupportedError } from '../errors.js'
import type { GradientBlock, GradientSegment } from '../gradients/block.js'
import type { NdArray } from '../ndarray.js'
import { sizeOf } from '../ndarray.js'
import type { Device } from '../options.js'
import type { ArraySpec, ForwardArguments, Loss, PredictorSession } from '../predictor.js'
import { nextTask } from '../scheduling.js'
import { withTape } from './engine.js'
import type { LossReduction } from './loss-function.js'
import { lossFunctionGradient, reductionErrors, reductionOf } from './loss-function.js'
import { lossKernels, lossSeed } from './losses.js'
import type { TensorModel, Weight } from './model.js'
import type { PerExampleGradients } from './per-example.js'
import { inParts, perExampleGradients, ruledKernels } from './per-example.js'
import { relativeError, selfCheckTolerance } from './self-check.js'
import { tensorsIn, withValues } from './tensor-segment.js'
import { backpropagate, dependents } from './tape.js'
import { DeviceWeights } from './weights.js'

/** Why a model's gradients are computed example by example: for a kernel without rule, or a failed check. */
type OneByOneReason = string

/** What is known about a loss on this model after its first batch. */
interface LossState {
  reduction: LossReduction
  /** Set once two examples of a batch were compared with their gradients computed alone. */
  isChecked: boolean
}

const keptKernels: ReadonlySet<string> = new Set([...ruledKernels, ...lossKernels])

/** A TensorFlow.js model on one device. */
export class TfjsSession implements PredictorSession<Tensor> {
  readonly #model: TensorModel
  readonly #weights: DeviceWeights
  readonly #lost: Promise<never>
  readonly #losses = new Map<Loss<Tensor>, LossState>()
  #oneByOne: OneByOneReason | undefined
  /** How the last batched pass cut parameters up; gradients of single examples must be cut alike. */
  #parts: PerExampleGradients['parts'] = new Map()
  #isDisposed = false

  /** @param lost never settles, or rejects with the reason when the device is lost */
  constructor(model: TensorModel, device: Device, lost: Promise<never>) {
    this.#model = model
    this.#weights = new DeviceWeights(model, device)
    this.#lost = lost
  }

  async predict(x: readonly NdArray[], forwardArguments: ForwardArguments): Promise<NdArray> {
    await this.#refresh()
    const output = this.#weights.run(() =>
      this.#model.call(this.#inputTensors(x), tensorsOf(forwardArguments)),
    )
    const shape = output.shape
    const [data] = await this.#read([output])
    return { data: data ?? new Float32Array(), shape }
  }

  async inputGradients(
    x: readonly NdArray[],
    outputIndices: Int32Array,
    forwardArguments: ForwardArguments,
  ): Promise<NdArray[]> {
    await this.#refresh()
    const gradients = this.#weights.run(() => {
      const inputs = x.map((array) => tf.tensor(Float32Array.from(array.data), [...array.shape]))
      const inputIds = inputs.map((input) => input.id)
      const furtherArguments = tensorsOf(forwardArguments)
      return withTape(
        keptKernels,
        () => this.#model.call(inputs, furtherArguments),
        (tape, output) => {
          const seeds = new Map([[output.id, oneHotRows(output, outputIndices)]])
          const wanted = dependents(tape, inputIds)
          const byId = backpropagate(tape, { seeds, wanted })
          return inputs.map((input, i) => byId.get(input.id) ?? this.#refuseInput(i))
        },
      )
    })
    const data = await this.#read(gradients)
    return data.map((values, i) => ({ data: values, shape: x[i]?.shape ?? [] }))
  }

  async lossGradients(
    x: readonly NdArray[],
    y: NdArray,
    loss: Loss<Tensor>,
  ): Promise<GradientBlock> {
    await this.#refresh()
    const rowCount = x[0]?.shape[0] ?? 0
    const state = await this.#lossState(x, y, loss)
    if (this.#oneByOne === undefined) {
      const batched = this.#weights.run(() => this.#batchedPass(x, y, loss, state))
      if ('without' in batched) {
        this.#fallBack(`${batched.without} has no batched rule here`)
      } else {
        const error = await this.#checkedError(x, y, loss, state, batched)
        if (!(error > selfCheckTolerance)) {
          this.#parts = batched.parts
          return { rowCount, segments: await this.#download(batched) }
        }
        tf.dispose(batched.segments.flatMap(tensorsIn))
        this.#fallBack(
          `the batched pass differs from single examples by a factor of ${error.toExponential(1)}`,
        )
      }
    }
    return this.#oneByOneBlock(x, y, loss, state)
  }

  dispose(): void {
    if (this.#isDisposed) return
    this.#isDisposed = true
    this.#weights.dispose()
  }

  [Symbol.dispose](): void {
    this.dispose()
  }

  async #refresh(): Promise<void> {
    this.#assertUsable()
    await Promise.race([this.#weights.refresh(), this.#lost])
    this.#assertUsable()
  }

  #assertUsable(): void {
    if (!this.#isDisposed) return
    throw new DisposedError('This predictor session was disposed; open another one.')
  }

  /** One forward and one backward pass for all examples. */
  #batchedPass(
    x: readonly NdArray[],
    y: NdArray,
    loss: Loss<Tensor>,
    state: LossState,
  ): PerExampleGradients | { without: string } {
    const parameters = new Map(this.#trainable().map(({ name, variable }) => [variable.id, name]))
    const inputs = this.#inputTensors(x)
    return withTape(
      keptKernels,
      () => this.#model.call(inputs, {}),
      (tape, output) =>
        perExampleGradients(
          tape,
          parameters,
          inputs.map((input) => input.id),
          this.#seeds(tape, y, output, loss, state),
          x[0]?.shape[0] ?? 0,
        ),
    )
  }

  /** The gradient of one example, or the sum over several, by trainable parameter. */
  #wholeGradient(
    x: readonly NdArray[],
    y: NdArray,
    loss: Loss<Tensor>,
    state: LossState,
  ): Map<string, Tensor> {
    const trainable = this.#trainable()
    const inputs = this.#inputTensors(x)
    return withTape(
      keptKernels,
      () => this.#model.call(inputs, {}),
      (tape, output) => {
        const seeds = this.#seeds(tape, y, output, loss, state)
        const wanted = dependents(
          tape,
          trainable.map(({ variable }) => variable.id),
        )
        const gradients = backpropagate(tape, { seeds, wanted })
        return new Map(
          trainable.map(({ name, variable }) => [
            name,
            gradients.get(variable.id) ?? tf.zeros(variable.shape),
          ]),
        )
      },
    )
  }

  #seeds(
    tape: Parameters<typeof lossSeed>[3],
    y: NdArray,
    output: Tensor,
    loss: Loss<Tensor>,
    { reduction }: LossState,
  ): Map<number, Tensor> {
    const labels = tensorOf(y)
    if (typeof loss === 'function') {
      return new Map([[output.id, lossFunctionGradient(loss, reduction, labels, output)]])
    }
    const { tensor, gradient } = lossSeed(loss, labels, output, tape)
    return new Map([[tensor.id, gradient]])
  }

  /** On a loss function's first batch: how does it reduce? */
  async #lossState(x: readonly NdArray[], y: NdArray, loss: Loss<Tensor>): Promise<LossState> {
    const known = this.#losses.get(loss)
    if (known !== undefined) return known
    if (typeof loss !== 'function') return this.#remember(loss, 'sum')
    if (x[0]?.shape[0] === 1) return { reduction: 'one by one', isChecked: false }
    const errors = this.#weights.run(() => {
      const output = this.#model.call(this.#inputTensors(x), {})
      return reductionErrors(loss, tensorOf(y), output)
    })
    const [values] = await this.#read([errors])
    const reduction = reductionOf(values ?? [])
    if (reduction === 'one by one') {
      console.warn(
        'gradlens: lossFn mixes the examples of a batch; it is called for each example by itself.',
      )
    }
    return this.#remember(loss, reduction)
  }

  #remember(loss: Loss<Tensor>, reduction: LossReduction): LossState {
    const state: LossState = { reduction, isChecked: false }
    this.#losses.set(loss, state)
    return state
  }

  /**
   * The relative error of the first and the last example's batched gradients against passes of their own;
   * 0 where that has been checked before. The segments are disposed if it throws.
   */
  async #checkedError(
    x: readonly NdArray[],
    y: NdArray,
    loss: Loss<Tensor>,
    state: LossState,
    batched: PerExampleGradients,
  ): Promise<number> {
    const lastRow = (x[0]?.shape[0] ?? 1) - 1
    if (state.isChecked || lastRow === 0) return 0
    try {
      const errors = this.#weights.run(() =>
        [0, lastRow].map((row) => {
          const alone = this.#wholeGradient(rowsOf(x, row), rowOf(y, row), loss, state)
          return relativeError(batched, row, alone)
        }),
      )
      const values = await this.#read(errors)
      state.isChecked = true
      return Math.max(...values.map(([value]) => value ?? NaN))
    } catch (error) {
      tf.dispose(batched.segments.flatMap(tensorsIn))
      throw error
    }
  }

  async #oneByOneBlock(
    x: readonly NdArray[],
    y: NdArray,
    loss: Loss<Tensor>,
    state: LossState,
  ): Promise<GradientBlock> {
    const rowCount = x[0]?.shape[0] ?? 0
    const values = new Map<string, Float32Array>()
    for (let row = 0; row < rowCount; row++) {
      if (row > 0) await nextTask()
      await this.#refresh()
      const gradients = this.#weights.run(() => {
        const wholes = this.#wholeGradient(rowsOf(x, row), rowOf(y, row), loss, state)
        return Object.fromEntries(inParts(wholes, this.#parts))
      })
      const data = await this.#read(Object.values(gradients))
      for (const [k, name] of Object.keys(gradients).entries()) {
        const gradient = data[k]!
        const all = values.get(name) ?? new Float32Array(rowCount * gradient.length)
        all.set(gradient, row * gradient.length)
        values.set(name, all)
      }
    }
    const segments = [...values].map(([parameter, all]): GradientSegment => ({
      kind: 'dense',
      parameter,
      size: all.length / rowCount,
      values: all,
    }))
    return { rowCount, segments }
  }

  async #download({ segments }: PerExampleGradients): Promise<GradientSegment[]> {
    const values = await this.#read(segments.flatMap(tensorsIn))
    let next = 0
    return segments.map((segment) => {
      const end = next + tensorsIn(segment).length
      const own = values.slice(next, end)
      next = end
      return withValues(segment, own)
    })
  }

  /** The tensors' values; they are disposed. Rejects with a DeviceError when the device is lost meanwhile. */
  async #read(tensors: readonly Tensor[]): Promise<Float32Array[]> {
    try {
      const data = Promise.all(tensors.map((tensor) => tensor.data()))
      return (await Promise.race([data, this.#lost])) as Float32Array[]
    } finally {
      tf.dispose([...tensors])
    }
  }

  #inputTensors(x: readonly NdArray[]): Tensor[] {
    return x.map((array, i) => inputTensor(array, this.#model.inputs[i]))
  }

  #trainable(): Weight[] {
    return this.#model.weights().filter(({ trainable }) => trainable)
  }

  #fallBack(reason: OneByOneReason): void {
    this.#oneByOne = reason
    console.warn(
      `gradlens: the gradients of model '${this.#model.name}' are computed one example at a time, exactly but ` +
        `slowly: ${reason}.`,
    )
  }

  #refuseInput(i: number): never {
    const name = this.#model.inputs[i]?.name ?? String(i)
    throw new UnsupportedError(
      name,
      `input '${name}': the output does not depend on it by differentiable steps (an integer look-up such as an ` +
        'embedding, an arg-max or a comparison stands between), so it has no gradient. Leave it out as a constant, ' +
        'or explain the model from its embeddings on.',
    )
  }
}

const rowsOf = (x: readonly NdArray[], row: number): NdArray[] =>
  x.map((array) => rowOf(array, row))

/** A row as a batch of one. */
function rowOf(array: NdArray, row: number): NdArray {
  const size = sizeOf(array.shape.slice(1))
  return {
    data: array.data.subarray(row * size, (row + 1) * size),
    shape: [1, ...array.shape.slice(1)],
  }
}

function tensorOf(array: NdArray): Tensor {
  return tf.tensor(Float32Array.from(array.data), [...array.shape])
}

function tensorsOf(arrays: ForwardArguments): Record<string, Tensor> {
  return Object.fromEntries(Object.entries(arrays).map(([name, array]) => [name, tensorOf(array)]))
}

/** As the model declares it, but for fractional numbers on integer inputs: they stay what they are. */
function inputTensor(array: NdArray, spec: ArraySpec | undefined): Tensor {
  const isInteger = spec?.dtype === 'int32' && array.data.every((value) => Number.isInteger(value))
  return isInteger
    ? tf.tensor(Int32Array.from(array.data), [...array.shape], 'int32')
    : tensorOf(array)
}

/** 1 at each example's chosen element of its own output, else 0; of the output's shape. */
function oneHotRows(output: Tensor, indices: Int32Array): Tensor {
  const rowSize = output.size / indices.length
  const values = new Float32Array(output.size)
  for (const [row, index] of indices.entries()) values[row * rowSize + index] = 1
  return tf.tensor(values, output.shape)
}
