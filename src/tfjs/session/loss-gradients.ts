import * as tf from '@tensorflow/tfjs'
import type { Tensor } from '@tensorflow/tfjs'
import type { GpuGradientBlock, GradientBlock, GradientSegment } from '../../gradients/block.js'
import type { NdArray } from '../../ndarray.js'
import type { Loss } from '../../predictor.js'
import { nextTask } from '../../scheduling.js'
import type { DeviceModel } from './device-model.js'
import { type Batch, batchedPass, countExamples, single, wholeGradient } from './gradient-passes.js'
import { inParts, type PerExampleGradients } from '../per-example/per-example.js'
import { assertExamplesApart, selfCheckError, selfCheckTolerance } from './self-check.js'
import { tensorsIn, withArrays } from '../per-example/tensor-segment.js'

/** The loss gradients of a model's examples: in one batched pass, or one by one where that is not exact. */
export class LossGradients {
  readonly #device: DeviceModel
  /** Losses with which two examples of a batch were compared with their gradients computed alone. */
  readonly #checked = new Set<Loss<Tensor>>()
  #isApart = false
  #isOneByOne = false
  /** How the last batched pass cut parameters up; gradients of single examples must be cut alike. */
  #parts: PerExampleGradients['parts'] = new Map()

  constructor(device: DeviceModel) {
    this.#device = device
  }

  async compute(
    x: readonly NdArray[],
    y: NdArray,
    loss: Loss<Tensor>,
  ): Promise<GradientBlock | GpuGradientBlock> {
    const batch = { x, y, loss }
    if (!this.#isApart && countExamples(batch) > 1) {
      await assertExamplesApart(this.#device, batch.x)
      this.#isApart = true
    }
    if (!this.#isOneByOne) {
      const block = await this.#batchedBlock(batch)
      if (block !== undefined) return block
    }
    return this.#oneByOneBlock(batch)
  }

  /** Undefined if the model's gradients have to be taken one by one. */
  async #batchedBlock(batch: Batch): Promise<GradientBlock | GpuGradientBlock | undefined> {
    const batched = this.#device.run(() => batchedPass(this.#device, batch))
    if ('without' in batched) {
      this.#fallBack(`${batched.without} has no batched rule here`)
      return undefined
    }
    const tensors = batched.segments.flatMap(tensorsIn)
    try {
      if (!(await this.#agrees(batch, batched))) {
        tf.dispose(tensors)
        return undefined
      }
    } catch (error) {
      tf.dispose(tensors)
      throw error
    }
    this.#parts = batched.parts
    const exampleCount = countExamples(batch)
    const { gpuDevice } = this.#device
    if (gpuDevice === undefined) {
      const values = await this.#device.read(tensors)
      return { exampleCount, segments: inSegments<Float32Array, Int32Array>(batched, values) }
    }
    return {
      gpuDevice,
      exampleCount,
      segments: inSegments<GPUBuffer, GPUBuffer>(batched, await this.#device.lend(tensors)),
      [Symbol.dispose]: () => {
        tf.dispose(tensors)
      },
    }
  }

  /** On a loss's first batch: are the gradients those of the examples by themselves? */
  async #agrees(batch: Batch, batched: PerExampleGradients): Promise<boolean> {
    if (this.#checked.has(batch.loss) || countExamples(batch) === 1) return true
    const error = await selfCheckError(this.#device, batch, batched)
    if (error > selfCheckTolerance) {
      this.#fallBack(
        `the batched pass differs from single examples by a factor of ${error.toExponential(1)}`,
      )
      return false
    }
    if (!Number.isNaN(error)) this.#checked.add(batch.loss)
    return true
  }

  async #oneByOneBlock(batch: Batch): Promise<GradientBlock> {
    const exampleCount = countExamples(batch)
    const values = new Map<string, Float32Array>()
    for (let row = 0; row < exampleCount; row++) {
      if (row > 0) await nextTask()
      await this.#device.refresh()
      const gradients = this.#device.run(() =>
        Object.fromEntries(inParts(wholeGradient(this.#device, single(batch, row)), this.#parts)),
      )
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

/** A pass's segments with arrays in their tensors' place, the arrays in the order of all their tensors. */
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
