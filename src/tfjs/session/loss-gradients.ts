import * as tf from '@tensorflow/tfjs'
import type { Tensor } from '@tensorflow/tfjs'
import type { GpuGradientBlock, GradientBlock, GradientSegment } from '../../gradients/block.js'
import { type NdArray, takeRows } from '../../ndarray.js'
import { type Labels, takeLabels } from '../../losses/labels.js'
import type { LossFunction, PositionLoss } from '../../losses/loss.js'
import { waitForNextTask } from '../../scheduling.js'
import { orderExamples, deriveOrder } from '../per-example/example-orders.js'
import { splitIntoParts, type PerExampleGradients } from '../per-example/per-example.js'
import { tensorsIn, withArrays } from '../per-example/tensor-segment.js'
import type { DeviceModel } from './device-model.js'
import { checkShapesOnce, type ModelChecks, refreshChecks } from './model-checks.js'
import {
  type Batch,
  type BatchedPass,
  runBatchedPass,
  type BatchEvidence,
  countExamples,
  runOrderPass,
  runOutlinePass,
  selectExample,
  computeWholeGradient,
} from './gradient-passes.js'
import { assertExamplesApart, measureSelfCheckError, selfCheckTolerance } from './self-check.js'
import { forget, type TapeKnowledge, findTapeKnowledge } from './tape-knowledge.js'

type PassResult = Extract<BatchedPass, { gradients: unknown }>

/**
 * The loss gradients of a model's examples: in one batched pass, or one by one if that is not
 * exact.
 */
export class LossGradients {
  readonly #device: DeviceModel
  readonly #checks: ModelChecks
  #isOneByOne = false
  /**
   * How the last batched pass split parameters. Gradients of single examples are split the same
   * way.
   */
  #parts: PerExampleGradients['parts'] = new Map()

  constructor(device: DeviceModel, checks: ModelChecks) {
    this.#device = device
    this.#checks = checks
  }

  async compute(
    x: readonly NdArray[],
    y: Labels,
    loss: PositionLoss | LossFunction<Tensor>,
  ): Promise<GradientBlock | GpuGradientBlock> {
    const batch = { x, y, loss }
    if (!this.#isOneByOne) {
      const block = await this.#batchedBlock(batch)
      if (block !== undefined) return block
    }
    if (countExamples(batch) > 1) {
      refreshChecks(this.#checks, this.#device.model)
      await checkShapesOnce(this.#checks.apart, batch.x, {}, () =>
        assertExamplesApart(this.#device, batch.x),
      )
    }
    return this.#oneByOneBlock(batch)
  }

  /** Undefined if the model's gradients must be computed one by one. */
  async #batchedBlock(batch: Batch): Promise<GradientBlock | GpuGradientBlock | undefined> {
    const pass = await this.#passOf(batch)
    if (pass === undefined) return undefined
    const { gradients } = pass
    this.#parts = gradients.parts
    const tensors = gradients.segments.flatMap(tensorsIn)
    const exampleCount = countExamples(batch)
    const { gpuDevice } = this.#device
    if (gpuDevice === undefined) {
      const values = await this.#device.read(tensors)
      return {
        exampleCount,
        segments: inSegments<Float32Array, Int32Array>(gradients, values),
        // Reading copies them out of wasm's heap. On cpu they can be those of a weight.
        ...(this.#device.copiesOnRead && { release: () => undefined }),
      }
    }
    return {
      gpuDevice,
      exampleCount,
      segments: inSegments<GPUBuffer, GPUBuffer>(gradients, await this.#device.lend(tensors)),
      [Symbol.dispose]: () => {
        tf.dispose(tensors)
      },
    }
  }

  /** Runs a batched pass that agrees with single examples. Undefined if there is none. */
  async #passOf(batch: Batch): Promise<PassResult | undefined> {
    const backend = this.#device.run(() => tf.getBackend())
    const known = findTapeKnowledge(this.#device.model, backend, batch.x)
    const result = await this.#separatedPass(batch, known)
    if ('reason' in result) {
      this.#fallBack(result.reason)
      return undefined
    }
    const tensors = [...result.gradients.segments.flatMap(tensorsIn), result.output]
    try {
      if (await this.#agrees(batch, result, known)) {
        result.output.dispose()
        return result
      }
      tf.dispose(tensors)
      return undefined
    } catch (error) {
      tf.dispose(tensors)
      throw error
    }
  }

  /** Runs a batched pass, or returns the reason why there is none. */
  async #separatedPass(
    batch: Batch,
    known: TapeKnowledge,
  ): Promise<PassResult | { readonly reason: string }> {
    const isNew = known.outlines.size === 0
    let result = await this.#attempt(batch, known)
    if ('difference' in result && !isNew) {
      // A function may compute other ops than those of its outline.
      forget(known)
      result = await this.#attempt(batch, known)
    }
    if ('difference' in result && countExamples(batch) === 1 && !known.isOneDoubled) {
      known.isOneDoubled = true
      result = await this.#attempt(batch, known)
    }
    return 'difference' in result
      ? { reason: `the model's ops depend on the batch: ${result.difference}` }
      : result
  }

  async #attempt(batch: Batch, known: TapeKnowledge): Promise<BatchedPass> {
    const isDoubled = known.isOneDoubled && countExamples(batch) === 1
    const passed = isDoubled ? repeatExample(batch) : batch
    const evidence = this.#evidenceFor(passed.x, known)
    const pass = (): BatchedPass =>
      this.#device.run(() => runBatchedPass(this.#device, passed, evidence))
    let result = pass()
    if ('reason' in result && result.order !== undefined && !known.hasOrders) {
      await this.#findOrders(passed.x, known)
      result = pass()
    }
    return isDoubled && 'gradients' in result ? this.#firstExample(result) : result
  }

  /** What the model computes for another number of examples. */
  #evidenceFor(x: readonly NdArray[], known: TapeKnowledge): BatchEvidence {
    const otherCount = x[0]?.shape[0] === 2 ? 3 : 2
    const outline =
      known.outlines.get(otherCount) ??
      this.#device.run(() => runOutlinePass(this.#device, repeatExamples(x, otherCount)))
    known.outlines.set(otherCount, outline)
    return { outline, orders: known.orders }
  }

  async #findOrders(x: readonly NdArray[], known: TapeKnowledge): Promise<void> {
    const examples = repeatExamples(x, orderExamples)
    const outlines = this.#evidenceFor(examples, known)
    const evidence = this.#device.run(() => runOrderPass(this.#device, examples, outlines))
    const reached = await this.#device.read(evidence.map((tensor) => tensor.reached))
    for (const [k, { number, length }] of evidence.entries()) {
      const inner = deriveOrder(reached[k]!, length)
      if (inner !== undefined) known.orders.set(number, inner)
    }
    known.hasOrders = true
    await this.#device.refresh()
  }

  #firstExample({ gradients, output }: PassResult): PassResult {
    const first = this.#device.run(() => ({
      segments: gradients.segments.map((segment) =>
        withArrays<Tensor, Tensor>(
          segment,
          tensorsIn(segment).map((tensor) => tensor.slice(0, 1)),
        ),
      ),
      output: output.slice(0, 1),
    }))
    tf.dispose([...gradients.segments.flatMap(tensorsIn), output])
    return { gradients: { ...gradients, segments: first.segments }, output: first.output }
  }

  /** Checks, for each new batch size, that the gradients are those of single examples. */
  async #agrees(batch: Batch, pass: PassResult, known: TapeKnowledge): Promise<boolean> {
    const sizes = known.checkedSizes.get(keyOf(batch)) ?? new Set()
    const size = countExamples(batch)
    if (sizes.has(size)) return true
    const error = await measureSelfCheckError(this.#device, batch, pass, sizes.size === 0 ? 2 : 1)
    if (error > selfCheckTolerance) {
      this.#fallBack(
        `the batched pass differs from single examples by a factor of ${error.toExponential(1)}`,
      )
      return false
    }
    if (!Number.isNaN(error)) known.checkedSizes.set(keyOf(batch), sizes.add(size))
    return true
  }

  async #oneByOneBlock(batch: Batch): Promise<GradientBlock> {
    const exampleCount = countExamples(batch)
    const values = new Map<string, Float32Array>()
    for (let row = 0; row < exampleCount; row++) {
      if (row > 0) await waitForNextTask()
      await this.#device.refresh()
      const gradients = this.#device.run(() => {
        const whole = computeWholeGradient(this.#device, selectExample(batch, row))
        return Object.fromEntries(splitIntoParts(whole.gradients, this.#parts))
      })
      const data = await this.#device.read(Object.values(gradients))
      for (const [k, name] of Object.keys(gradients).entries()) {
        const gradient = data[k]!
        const all = values.get(name) ?? new Float32Array(exampleCount * gradient.length)
        all.set(gradient, row * gradient.length)
        values.set(name, all)
      }
    }
    const segments = [...values].map(([parameter, all]): GradientSegment => ({
      kind: 'dense',
      parameter,
      size: all.length / exampleCount,
      values: all,
    }))
    return { exampleCount, segments }
  }

  #fallBack(reason: string): void {
    this.#isOneByOne = true
    console.warn(
      `gradlens: the gradients of model '${this.#device.model.name}' are computed one example at a time, ` +
        `exactly but slowly: ${reason}.`,
    )
  }
}

/** Repeats the examples of the arrays until there are `exampleCount` of them. */
const repeatExamples = (x: readonly NdArray[], exampleCount: number): NdArray[] =>
  x.map((array) => {
    const [own = 1] = array.shape
    return takeRows(
      array,
      Array.from({ length: exampleCount }, (_, k) => k % own),
    )
  })

/** Repeats one example, for models that compute other ops for one example than for several. */
const repeatExample = (batch: Batch): Batch => ({
  ...batch,
  x: repeatExamples(batch.x, 2),
  y: takeLabels(batch.y, [0, 0]),
})

/** Returns equal keys for equal losses. A named loss may be a new object in each call. */
const keyOf = ({ loss }: Batch): LossFunction<Tensor> | string =>
  typeof loss === 'function' ? loss : [loss.name, loss.delta, loss.gamma, loss.alpha].join()

/** Returns a pass's segments with arrays in place of tensors, in the order of all tensors. */
function inSegments<Floats, Integers>(
  { segments }: PerExampleGradients,
  arrays: readonly (Floats | Integers)[],
): GradientSegment<Floats, Integers>[] {
  let next = 0
  return segments.map((segment) => {
    const start = next
    next += tensorsIn(segment).length
    return withArrays<Floats, Integers>(segment, arrays.slice(start, next))
  })
}
