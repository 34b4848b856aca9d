import * as tf from '@tensorflow/tfjs'
import type { Tensor } from '@tensorflow/tfjs'
import {
  type BatchedGradients,
  countExamples,
  type LossBatch,
  type NotBatched,
} from '../../adapters/model-passes.js'
import type { GpuGradientBlock, GradientBlock, GradientSegment } from '../../gradients/block.js'
import { type NdArray, rows, takeRows } from '../../ndarray.js'
import { type Labels, labelsOf, takeLabels } from '../../losses/labels.js'
import { orderExamples, deriveOrder } from '../per-example/example-orders.js'
import { splitIntoParts, type PerExampleGradients } from '../per-example/per-example.js'
import { arraysOf, mapArrays } from '../../adapters/segment-arrays.js'
import type { DeviceModel } from './device-model.js'
import {
  type BatchedPass,
  runBatchedPass,
  type BatchEvidence,
  runOrderPass,
  runOutlinePass,
  computeWholeGradient,
} from './gradient-passes.js'
import { forget, type TapeKnowledge, findTapeKnowledge } from './tape-knowledge.js'

type PassResult = Extract<BatchedPass, { gradients: unknown }>

/** The passes that compute the loss gradients of a model's examples. */
export class LossGradients {
  readonly #device: DeviceModel

  constructor(device: DeviceModel) {
    this.#device = device
  }

  /** Returns an object that changes when the model computes other ops for inputs of these shapes. */
  operations(x: readonly NdArray[]): object {
    return this.#find(x).operations
  }

  /** Within one pass, or returns the reason why there is none. */
  async computeBatch(batch: LossBatch<Tensor>): Promise<BatchedGradients | NotBatched> {
    const { model } = this.#device
    const known = this.#find(batch.x)
    const single = model.singleReason?.()
    if (single !== undefined) return { reason: single, isKnown: true }
    const result = await this.#separatedPass(batch, known)
    if ('reason' in result) {
      // The pass may have shown it.
      const isSingle = model.singleReason?.() !== undefined
      return { reason: result.reason, isKnown: isSingle }
    }
    const { gradients, output, labels } = result
    known.parts = gradients.parts
    try {
      return { ...this.#withOutput(await this.#blockOf(gradients, batch), output), labels }
    } catch (error) {
      output.dispose()
      throw error
    }
  }

  /** With TensorFlow.js's own gradients of parameters, as dense segments. */
  async computeExample(example: LossBatch<Tensor>): Promise<BatchedGradients> {
    const { parts } = this.#find(example.x)
    const { gradients, output } = this.#device.run(() => {
      const whole = computeWholeGradient(this.#device, example)
      const split = splitIntoParts(whole.gradients, parts)
      return { gradients: Object.fromEntries(split), output: whole.output }
    })
    try {
      const values = await this.#device.read(Object.values(gradients))
      const segments = Object.keys(gradients).map((parameter, k): GradientSegment => ({
        kind: 'dense',
        parameter,
        size: values[k]!.length,
        values: values[k]!,
      }))
      return this.#withOutput({ exampleCount: 1, segments }, output)
    } catch (error) {
      output.dispose()
      throw error
    }
  }

  #find(x: readonly NdArray[]): TapeKnowledge {
    const { model, name } = this.#device
    const trainable = this.#device.trainable().map((weight) => weight.name)
    return findTapeKnowledge(model.original ?? model, name, trainable, x)
  }

  #withOutput(block: BatchedGradients['block'], output: Tensor): BatchedGradients {
    return {
      block,
      readOutput: async () => {
        const { shape } = output
        const [data] = await this.#device.read([output])
        return { data: data!, shape }
      },
      [Symbol.dispose]: () => {
        output.dispose()
      },
    }
  }

  async #blockOf(
    gradients: PerExampleGradients,
    batch: LossBatch<Tensor>,
  ): Promise<GradientBlock | GpuGradientBlock> {
    const exampleCount = countExamples(batch)
    const tensors = gradients.segments.flatMap(arraysOf)
    const { gpuDevice } = this.#device
    if (gpuDevice === undefined || batch.keepsFactors === true) {
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

  /** Runs a batched pass, or returns the reason why there is none. */
  async #separatedPass(
    batch: LossBatch<Tensor>,
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
    if (!('gradients' in result) && !known.needsValues) {
      known.needsValues = true
      known.outlines.clear()
      result = await this.#attempt(batch, known)
    }
    return 'difference' in result
      ? {
          reason:
            `the model's ops depend on the batch: ${result.difference}. Write or export the model with a dynamic ` +
            'batch, so that it computes the same ops for any number of examples',
        }
      : result
  }

  async #attempt(batch: LossBatch<Tensor>, known: TapeKnowledge): Promise<BatchedPass> {
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
      this.#device.run(() =>
        runOutlinePass(this.#device, repeatExamples(x, otherCount), known.needsValues),
      )
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

  #firstExample({ gradients, output, labels }: PassResult): PassResult {
    const first = (tensor: Tensor): Tensor => tensor.slice(0, 1)
    const example = this.#device.run(() => ({
      segments: gradients.segments.map((segment) => mapArrays(segment, first, first)),
      output: first(output),
    }))
    tf.dispose([...gradients.segments.flatMap(arraysOf), output])
    return {
      gradients: { ...gradients, segments: example.segments },
      output: example.output,
      labels: labels && labelsOf(labels, 0, 1),
    }
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
function repeatExample(batch: LossBatch<Tensor>): LossBatch<Tensor> {
  const { drawLabels } = batch
  const repeat = (labels: Labels): Labels => takeLabels(labels, [0, 0])
  return {
    ...batch,
    x: repeatExamples(batch.x, 2),
    y: repeat(batch.y),
    drawLabels: drawLabels && ((output) => repeat(drawLabels(rows(output, 0, 1)))),
  }
}

/** Returns a pass's segments with arrays in place of tensors, in the order of all tensors. */
function inSegments<Floats, Integers>(
  { segments }: PerExampleGradients,
  arrays: readonly (Floats | Integers)[],
): GradientSegment<Floats, Integers>[] {
  let at = 0
  const next = (): Floats | Integers => arrays[at++]!
  return segments.map((segment) =>
    mapArrays(
      segment,
      () => next() as Floats,
      () => next() as Integers,
    ),
  )
}
