import type { GpuGradientBlock, GradientBlock } from '../gradients/block.js'
import { concatenateRows, type NdArray, rows } from '../ndarray.js'
import type { ForwardArguments, PredictorSession } from '../predictor.js'
import { waitForNextTask } from '../scheduling.js'
import { runInTurn } from './call-queue.js'
import { findLargestExamples, gradientTolerance, measureGradientError } from './gradient-check.js'
import {
  addApart,
  type BatchChecks,
  describeShapes,
  findBatchChecks,
  findModelChecks,
  findShapes,
  type ModelChecks,
  refreshChecks,
} from './model-checks.js'
import {
  type BatchedGradients,
  countExamples,
  type LossBatch,
  type ModelPasses,
  selectExample,
} from './model-passes.js'
import { computeOneByOne } from './one-by-one.js'
import {
  assertExamplesApart,
  assertRepeatable,
  compareOutputs,
  type SingleOutput,
} from './output-checks.js'
import { disposeBlock } from './read-example.js'

/**
 * Creates a session from a model's passes. It runs one pass of a model after the other, compares the first
 * batches with passes of single examples, and computes loss gradients one example at a time, with a
 * warning, if a batch is not exact. What the checks find is kept for the model.
 */
export function createCheckedSession<Value>(passes: ModelPasses<Value>): PredictorSession<Value> {
  const checks = new SessionChecks(passes)
  const inTurn = <Result>(call: () => Promise<Result>): Promise<Result> =>
    runInTurn(checks.known, call)
  const session: PredictorSession<Value> = {
    get weightsVersion() {
      return passes.weightsVersion
    },
    get gpuDevice() {
      return passes.gpuDevice
    },
    predict: (x, forwardArguments, activations) =>
      inTurn(() => passes.predict(x, forwardArguments, activations)),
    inputGradients: (x, outputIndices, forwardArguments) =>
      inTurn(async () => {
        await checks.checkOutputs(x, forwardArguments, pathRemedy)
        return passes.inputGradients(x, outputIndices, forwardArguments)
      }),
    drawsLabels: true,
    lossGradients: (x, y, loss, { keepsFactors, drawLabels } = {}) =>
      inTurn(async () => {
        const batch = { x, y, loss, keepsFactors, drawLabels }
        return checks.computeGradients(
          passes.drawsLabels === true ? batch : await withDrawnLabels(passes, batch),
        )
      }),
    [Symbol.dispose]: () => {
      passes[Symbol.dispose]()
    },
  }
  if (passes.weights !== undefined) session.weights = () => inTurn(() => passes.weights!())
  if (passes.exampleBytes !== undefined) {
    session.exampleBytes = (x, forwardArguments) =>
      inTurn(() => passes.exampleBytes!(x, forwardArguments))
  }
  if (passes.activations !== undefined) {
    session.activations = (x, forwardArguments, sites) =>
      inTurn(() => passes.activations!(x, forwardArguments, sites))
  }
  if (passes.activationGradients !== undefined) {
    session.activationGradients = (x, outputIndices, forwardArguments, at) =>
      inTurn(async () => {
        await checks.checkOutputs(x, forwardArguments, pathRemedy)
        return passes.activationGradients!(x, outputIndices, forwardArguments, at)
      })
  }
  if (passes.pathGradients !== undefined) {
    session.pathGradients = (x, outputIndices, forwardArguments, points) =>
      inTurn(async () => {
        // All points of one example can look alike to the layers before a site. Zeros are a different
        // example.
        const isBatch = points.pathOf.length > 1
        await checks.checkOutputs(
          isBatch ? x.map((array) => concatenateRows([array, zeroRow(array)])) : x,
          isBatch ? mapValues(forwardArguments, withLastRepeated) : forwardArguments,
          pathRemedy,
        )
        return passes.pathGradients!(x, outputIndices, forwardArguments, points)
      })
  }
  return session
}

const pathRemedy = 'internalBatchSize: 1'
const similarityRemedy = 'batchSize: 1'

/** The checks of a session's passes. */
class SessionChecks<Value> {
  readonly known: ModelChecks
  readonly #passes: ModelPasses<Value>
  #hasWarned = false

  constructor(passes: ModelPasses<Value>) {
    this.#passes = passes
    this.known = findModelChecks(passes)
  }

  /**
   * Checks that the model doesn't draw random numbers, and that the examples of a batch don't affect each
   * other. Once for each shape, because neither depends on the examples.
   */
  async checkOutputs(
    x: readonly NdArray[],
    forwardArguments: ForwardArguments,
    remedy: string,
  ): Promise<void> {
    const { known } = this
    this.#refresh()
    const shapes = describeShapes(x, forwardArguments)
    const [array = Object.values(forwardArguments)[0]] = x
    if ((array?.shape[0] ?? 1) > 1 && !known.apart.has(shapes)) {
      await assertExamplesApart(this.#passes, { x, forwardArguments }, remedy)
      addApart(known, shapes)
    } else if (known.isRepeatable) return
    else await assertRepeatable(this.#passes, { x, forwardArguments })
    known.isRepeatable = true
  }

  async computeGradients(batch: LossBatch<Value>): Promise<GradientBlock | GpuGradientBlock> {
    this.#refresh()
    const known = this.#findChecks(batch)
    if (known.fallbackReason === undefined) {
      const block = await this.#computeBatch(batch)
      if (block !== undefined) return block
    }
    const { fallbackReason, isKnown } = this.#findChecks(batch)
    if (!isKnown) this.#warn(fallbackReason!)
    await this.checkOutputs(batch.x, {}, similarityRemedy)
    return computeOneByOne(this.#passes, await withDrawnLabels(this.#passes, batch))
  }

  /** Returns undefined if the gradients must be computed one example at a time. */
  async #computeBatch(
    batch: LossBatch<Value>,
  ): Promise<GradientBlock | GpuGradientBlock | undefined> {
    const result = await this.#passes.lossGradients(batch)
    // The operations may be known only after the pass.
    const known = this.#findChecks(batch)
    if ('reason' in result) {
      known.fallbackReason = result.reason
      known.isKnown = result.isKnown === true
      return undefined
    }
    try {
      await this.#checkPass(batch, result, known)
    } catch (error) {
      disposeBlock(result.block)
      throw error
    } finally {
      // Not with `using`, which needs Symbol.dispose: WebKit lacks it.
      result[Symbol.dispose]()
    }
    if (known.fallbackReason === undefined) return result.block
    disposeBlock(result.block)
    return undefined
  }

  /** Checks, for each new batch size, that the gradients are those of single examples. */
  async #checkPass(
    batch: LossBatch<Value>,
    pass: BatchedGradients,
    known: BatchChecks,
  ): Promise<void> {
    const { x } = batch
    const drawn = pass.labels && { ...batch, y: pass.labels, drawLabels: undefined }
    const exampleCount = countExamples(batch)
    // One example would not do at first: all rows could be its own.
    const count = known.sizes.size === 0 ? 2 : 1
    const isChecked = known.sizes.has(exampleCount)
    const examples = isChecked ? [] : await findLargestExamples(pass.block, count)
    const outputs: SingleOutput[] = []
    const errors: number[] = []
    for (const row of examples) {
      // A pass takes long. The page can respond between two.
      await waitForNextTask()
      const alone = await this.#passes.exampleGradients(selectExample(drawn ?? batch, row))
      try {
        outputs.push({ row, output: await alone.readOutput() })
        errors.push(await measureGradientError(pass.block, row, alone.block))
      } finally {
        disposeBlock(alone.block)
        alone[Symbol.dispose]()
      }
    }
    if (examples.length > 0) {
      const together = { exampleCount, output: await pass.readOutput() }
      const all = { x, forwardArguments: {} }
      await compareOutputs(this.#passes, all, together, outputs, similarityRemedy)
      this.known.isRepeatable = true
      if (outputs.length > 1) addApart(this.known, describeShapes(x, {}))
    }
    await this.checkOutputs(x, {}, similarityRemedy)
    if (errors.length === 0) return
    // NaN proves nothing.
    const error = Math.max(...errors)
    if (error <= gradientTolerance) known.sizes.add(exampleCount)
    if (!(error > gradientTolerance)) return
    known.fallbackReason = `the batched pass differs from single examples by a factor of ${error.toExponential(1)}`
  }

  #findChecks({ x, loss, keepsFactors }: LossBatch<Value>): BatchChecks {
    const operations = this.#passes.operations?.(x) ?? findShapes(this.known, x)
    return findBatchChecks(operations, loss, keepsFactors)
  }

  #refresh(): void {
    refreshChecks(this.known, this.#passes.weightValues?.() ?? [])
  }

  #warn(reason: string): void {
    if (this.#hasWarned) return
    this.#hasWarned = true
    console.warn(
      `gradlens: the gradients of model '${this.#passes.name}' are computed one example at a time, ` +
        `exactly but slowly: ${reason}.`,
    )
  }
}

/** Draws the labels of a batch from the model's output in a pass of its own. */
async function withDrawnLabels<Value>(
  passes: ModelPasses<Value>,
  batch: LossBatch<Value>,
): Promise<LossBatch<Value>> {
  const { x, drawLabels } = batch
  if (drawLabels === undefined) return batch
  return { ...batch, y: drawLabels(await passes.predict(x, {})), drawLabels: undefined }
}

const withLastRepeated = (array: NdArray): NdArray => {
  const [exampleCount = 0] = array.shape
  return concatenateRows([array, rows(array, exampleCount - 1, exampleCount)])
}

const zeroRow = (array: NdArray): NdArray => {
  const { data, shape } = rows(array, 0, 1)
  return { data: data.map(() => 0), shape }
}

const mapValues = (
  arrays: ForwardArguments,
  map: (array: NdArray) => NdArray,
): Record<string, NdArray> =>
  Object.fromEntries(Object.entries(arrays).map(([name, array]) => [name, map(array)]))
