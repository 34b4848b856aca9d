import type { NdArray } from '../ndarray.js'
import type { Labels } from '../losses/labels.js'
import type { LossFunction, PositionLoss } from '../losses/loss.js'
import type { LossName } from '../losses/names.js'
import type { Predictor, PredictorSession } from '../predictor.js'
import { seededRandom } from '../random.js'
import { differentiate } from './differences.js'
import { expectNear, expectSame } from './expectations.js'
import { readGradients } from './read-gradients.js'
import type { ReferenceLoss } from './reference-losses.js'
import { runReference, type Value, type WeightValues, weightValues } from './reference-model.js'
import type { TestedAdapter, TestedPredictor } from './tested-adapter.js'
import { exampleCount, type TestModel } from './test-model.js'

/** Float32 against float64, in nets of a few dozen products, relative to the largest number. */
export const tolerance = 5e-5

/** Float32 sums of a few numbers in another order. */
export const batchTolerance = 2e-6

/** A loss as the cases use it: by name, or the adapter's own function. */
export interface TrialLoss<TensorType> extends Omit<ReferenceLoss, 'name'> {
  readonly name: LossName | 'a loss function'
  readonly loss: PositionLoss | LossFunction<TensorType>
}

export const namedLoss = <TensorType>(reference: ReferenceLoss): TrialLoss<TensorType> => ({
  ...reference,
  loss: { name: reference.name, delta: 1, gamma: 2, alpha: null },
})

/** One predictor of a test model with examples, their labels and what is expected of them. */
export class Trial<TensorType> {
  readonly model: TestModel
  readonly predictor: Predictor<TensorType>
  readonly tested: TestedPredictor<TensorType>
  readonly #adapter: TestedAdapter<TensorType>

  private constructor(
    model: TestModel,
    adapter: TestedAdapter<TensorType>,
    tested: TestedPredictor<TensorType>,
  ) {
    this.model = model
    this.#adapter = adapter
    this.tested = tested
    this.predictor = tested.predictor
  }

  /** Makes a predictor, runs a case with it, and frees it. */
  static async run<TensorType>(
    adapter: TestedAdapter<TensorType>,
    model: TestModel,
    run: (trial: Trial<TensorType>) => Promise<void>,
  ): Promise<void> {
    const tested = await adapter.create(model)
    try {
      await run(new Trial(model, adapter, tested))
    } finally {
      tested.dispose?.()
    }
  }

  open(): Promise<PredictorSession<TensorType>> {
    return this.predictor.open(this.#adapter.device, { allowSoftware: true })
  }

  /** The inputs of examples, in the adapter's layout. */
  examples(count: number = exampleCount): NdArray[] {
    return this.inLayout(createInputs(this.model, count))
  }

  /** Arrays of the inputs' shapes in the adapter's layout: images may have the channels first. */
  inLayout(inputs: readonly NdArray[]): NdArray[] {
    return inputs.map((array, k) =>
      this.#isChannelsFirst(k) ? moveAxes(array, [0, 3, 1, 2]) : array,
    )
  }

  /** The reverse of `inLayout`. */
  fromLayout(inputs: readonly NdArray[]): NdArray[] {
    return inputs.map((array, k) =>
      this.#isChannelsFirst(k) ? moveAxes(array, [0, 2, 3, 1]) : array,
    )
  }

  #isChannelsFirst(input: number): boolean {
    return (
      this.model.inputs[input]!.shape.length === 3 &&
      this.predictor.inputs[input]?.channels === 'first'
    )
  }

  /** The outputs of all layers for each example. */
  references(
    count: number = exampleCount,
    weights: WeightValues = weightValues(this.model),
  ): Value[][] {
    return Array.from({ length: count }, (_, row) =>
      runReference(this.model, weights, valuesOf(this.model, createInputs(this.model, count), row)),
    )
  }

  /** The output of the model for each example, one after the other. */
  outputs(
    count: number = exampleCount,
    weights: WeightValues = weightValues(this.model),
  ): number[] {
    return this.references(count, weights).flatMap((layers) => [...layers.at(-1)!.data])
  }

  /** Compares the gradients of a block with differences of the loss by each weight. */
  async expectLossGradients(
    session: PredictorSession<TensorType>,
    loss: TrialLoss<TensorType>,
    labels: Labels,
  ): Promise<void> {
    const block = await session.lossGradients(this.examples(), labels, loss.loss)
    expectSame('the number of examples', block.exampleCount, exampleCount)
    const gradients = await readGradients(block)
    const weights = weightValues(this.model)
    for (const [row, own] of gradients.entries()) {
      const inputs = valuesOf(this.model, createInputs(this.model, exampleCount), row)
      for (const [k, { name, trainable }] of this.model.weights.entries()) {
        const parameter = this.parameterOf(k)
        if (!trainable) {
          expectSame(`the gradient of the frozen weight '${name}'`, own.has(parameter.name), false)
          continue
        }
        const expected = differentiate(weights[k]!, (moved) => {
          const changed: WeightValues = weights.map((values, i) => (i === k ? moved : values))
          const output = runReference(this.model, changed, inputs).at(-1)!
          return evaluateLoss(loss, labels, row, output)
        })
        expectNear(
          `the gradient of '${name}' for example ${row}`,
          own.get(parameter.name) ?? new Float64Array(expected.length),
          this.#inParameterLayout(k, expected),
          tolerance,
        )
      }
    }
  }

  parameterOf(weight: number): {
    readonly name: string
    readonly axes?: readonly number[] | undefined
  } {
    return this.tested.parameters?.[weight] ?? { name: this.predictor.parameters[weight]!.name }
  }

  /** The shape that the parameter of a weight has. */
  parameterShape(weight: number): readonly number[] {
    const { shape } = this.model.weights[weight]!
    const { axes } = this.parameterOf(weight)
    return axes === undefined ? shape : axes.map((axis) => shape[axis]!)
  }

  #inParameterLayout(weight: number, data: Float64Array): NdArray['data'] {
    const { shape } = this.model.weights[weight]!
    const { axes } = this.parameterOf(weight)
    return axes === undefined ? data : moveAxes({ data, shape }, axes).data
  }
}

function evaluateLoss(
  { evaluate }: Pick<ReferenceLoss, 'evaluate'>,
  labels: Labels,
  row: number,
  { data, shape }: Value,
): number {
  const size = shape.at(-1)!
  const positions = data.length / size
  const labelSize = labels.data.length / exampleCount / positions
  let sum = 0
  for (let t = 0; t < positions; t++) {
    const place = row * positions + t
    const label = [...labels.data.subarray(place * labelSize, (place + 1) * labelSize)]
    const factor = labels.factors?.data[place] ?? 1 / positions
    sum += factor * evaluate(label, [...data.subarray(t * size, (t + 1) * size)])
  }
  return sum
}

/** Random labels in the form of a loss, for outputs of [classes] or [positions, classes]. */
export function createLabels(
  { labels: form }: Pick<ReferenceLoss, 'labels'>,
  outputShape: readonly number[],
): Labels {
  const random = seededRandom(31)
  const classCount = outputShape.at(-1)!
  const positions = outputShape.slice(0, -1)
  const shape =
    form === 'class' ? [exampleCount, ...positions] : [exampleCount, ...positions, classCount]
  const size = shape.reduce((product, length) => product * length, 1)
  const data = Float32Array.from({ length: size }, () => {
    const number = random()
    if (form === 'class') return Math.floor(number * classCount)
    if (form === 'bits') return Math.round(number)
    // Far from the predictions: an absolute value has no gradient at 0.
    return form === 'values' ? 3 + number : number
  })
  if (form === 'shares') normalize(data, classCount)
  return { data, shape, factors: undefined }
}

/** Makes the sum of each position's shares 1. */
function normalize(shares: Float32Array, classCount: number): void {
  for (let start = 0; start < shares.length; start += classCount) {
    const own = shares.subarray(start, start + classCount)
    const total = own.reduce((sum, share) => sum + share, 0)
    own.set(own.map((share) => share / total))
  }
}

/** Examples in the layout of the test models, the same for each call. */
export function createInputs({ inputs }: TestModel, count: number): NdArray[] {
  return inputs.map(({ shape, integersBelow }, k) => {
    const random = seededRandom(32, k)
    const size = shape.reduce((product, length) => product * length, count)
    return {
      data: Float32Array.from({ length: size }, () =>
        integersBelow === undefined ? 2 * random() - 1 : Math.floor(random() * integersBelow),
      ),
      shape: [count, ...shape],
    }
  })
}

/** The inputs of one example. */
export function valuesOf({ inputs }: TestModel, arrays: readonly NdArray[], row: number): Value[] {
  return inputs.map(({ shape }, k) => {
    const { data } = arrays[k]!
    const size = shape.reduce((product, length) => product * length, 1)
    return { data: Float64Array.from(data.subarray(row * size, (row + 1) * size)), shape }
  })
}

/** Moves the axes of an array: axis k of the result is axis `axes[k]` of the array. */
function moveAxes({ data, shape }: NdArray, axes: readonly number[]): NdArray {
  const moved = axes.map((axis) => shape[axis]!)
  const strides = shape.map((_, axis) =>
    shape.slice(axis + 1).reduce((product, length) => product * length, 1),
  )
  const values = Float64Array.from(data, (_, at) => {
    let rest = at
    let from = 0
    for (let k = moved.length - 1; k >= 0; k--) {
      from += (rest % moved[k]!) * strides[axes[k]!]!
      rest = Math.floor(rest / moved[k]!)
    }
    return data[from]!
  })
  return { data: values, shape: moved }
}
