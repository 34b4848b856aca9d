import type { NdArray, PredictorSession } from 'gradlens'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { createCheckedSession } from '../../../src/adapters/checked-session.js'
import type { LossBatch, ModelPasses } from '../../../src/adapters/model-passes.js'
import { rows } from '../../../src/ndarray.js'
import { materializedGradients } from '../../support/references/materialized-gradients.js'
import { hostBlock } from '../../support/gradients/host-block.js'
import { seededRandom, uniform } from '../../support/random.js'

const [inputSize, outputSize] = [3, 2]
const weights = uniform(seededRandom(1), inputSize * outputSize, [-1, 1])

/** Faults that an adapter can have. Each takes the number of an example in its batch. */
interface Faults {
  /** From which example of the batch the pass takes δ. */
  readonly deltaOf?: (row: number, exampleCount: number) => number
  /** What is added to the output of an example. */
  readonly added?: (row: number, exampleCount: number) => number
  readonly reason?: string
}

interface Counts {
  batches: number
  examples: number
  predictions: number
  mostAtOnce: number
}

/** f(x) = x W with the loss Σ (f − y)² / 2, in plain JavaScript. */
function createPasses(
  faults: Faults = {},
  model: object = {},
): { readonly passes: ModelPasses; readonly counts: Counts } {
  const counts: Counts = { batches: 0, examples: 0, predictions: 0, mostAtOnce: 0 }
  let running = 0
  const pass = async <Result>(compute: () => Result): Promise<Result> => {
    counts.mostAtOnce = Math.max(counts.mostAtOnce, ++running)
    await new Promise((resolve) => setTimeout(resolve, 1))
    running--
    return compute()
  }
  const output = ({ data, shape }: NdArray): NdArray => {
    const [exampleCount = 0] = shape
    const values = Float32Array.from({ length: exampleCount * outputSize }, (_, at) => {
      const [row, j] = [Math.floor(at / outputSize), at % outputSize]
      let sum = faults.added?.(row, exampleCount) ?? 0
      for (let i = 0; i < inputSize; i++) {
        sum += data[row * inputSize + i]! * weights[i * outputSize + j]!
      }
      return sum
    })
    return { data: values, shape: [exampleCount, outputSize] }
  }
  const gradients = (
    { x, y }: LossBatch<unknown>,
    deltaOf: Faults['deltaOf'] = (row) => row,
  ): Awaited<ReturnType<ModelPasses['exampleGradients']>> => {
    const own = output(x[0]!)
    const [exampleCount = 0] = own.shape
    const delta = Float32Array.from(own.data, (_, at) => {
      const row = deltaOf(Math.floor(at / outputSize), exampleCount)
      const from = row * outputSize + (at % outputSize)
      return own.data[from]! - y.data[from]!
    })
    const a = Float32Array.from(x[0]!.data)
    const sizes = { positions: 1, inputSize, outputSize }
    return {
      block: { exampleCount, segments: [{ kind: 'factored', parameter: 'W', ...sizes, a, delta }] },
      readOutput: () => Promise.resolve(own),
      [Symbol.dispose]: () => undefined,
    }
  }
  const passes: ModelPasses = {
    name: 'plain',
    device: 'cpu',
    model,
    weightsVersion: 0,
    predict: ([x]) => {
      counts.predictions++
      return pass(() => output(x!))
    },
    inputGradients: ([x]) => pass(() => [x!]),
    lossGradients: (batch) => {
      counts.batches++
      return pass(() =>
        faults.reason === undefined ? gradients(batch, faults.deltaOf) : { reason: faults.reason },
      )
    },
    exampleGradients: (example) => {
      counts.examples++
      return pass(() => gradients(example))
    },
    [Symbol.dispose]: () => undefined,
  }
  return { passes, counts }
}

const loss = { name: 'meanSquaredError', delta: 1, gamma: 2, alpha: null } as const

function examples(exampleCount: number): { readonly x: NdArray; readonly y: NdArray } {
  const random = seededRandom(exampleCount)
  const create = (size: number): NdArray => ({
    data: uniform(random, exampleCount * size, [-1, 1]),
    shape: [exampleCount, size],
  })
  return { x: create(inputSize), y: create(outputSize) }
}

async function gradientsOf(session: PredictorSession, count: number): Promise<Float64Array[]> {
  const { x, y } = examples(count)
  const block = await hostBlock(
    await session.lossGradients([x], { ...y, factors: undefined }, loss),
  )
  return Array.from({ length: count }, (_, row) =>
    Float64Array.from(materializedGradients(block, row).get('W')!),
  )
}

/** x ⊗ (x W − y) in float64. */
function expectRight(gradients: readonly Float64Array[]): void {
  const { x, y } = examples(gradients.length)
  for (const [row, gradient] of gradients.entries()) {
    const [own, label] = [x, y].map((array) => rows(array, row, row + 1).data) as [
      NdArray['data'],
      NdArray['data'],
    ]
    for (let j = 0; j < outputSize; j++) {
      let delta = -label[j]!
      for (let i = 0; i < inputSize; i++) delta += own[i]! * weights[i * outputSize + j]!
      for (let i = 0; i < inputSize; i++) {
        expect(gradient[i * outputSize + j]!).toBeCloseTo(own[i]! * delta, 5)
      }
    }
  }
}

function warnings(): readonly string[] {
  const messages: string[] = []
  const warn = vi.spyOn(console, 'warn').mockImplementation((message) => {
    messages.push(String(message))
  })
  onTestFinished(() => {
    warn.mockRestore()
  })
  return messages
}

describe('a checked session', () => {
  it('checks the first batch of a model with two passes of one example', async () => {
    const { passes, counts } = createPasses()
    expectRight(await gradientsOf(createCheckedSession(passes), 4))
    expect(counts).toMatchObject({ batches: 1, examples: 2, predictions: 0 })
    expectRight(await gradientsOf(createCheckedSession(passes), 4))
    expect(counts).toMatchObject({ batches: 2, examples: 2, predictions: 0 })
  })

  it('checks each new batch size with one more pass of an example', async () => {
    const { passes, counts } = createPasses()
    const session = createCheckedSession(passes)
    for (const count of [4, 3, 4, 1, 3]) expectRight(await gradientsOf(session, count))
    expect(counts).toMatchObject({ batches: 5, examples: 4, predictions: 0 })
  })

  const swaps: Readonly<Record<string, Faults['deltaOf']>> = {
    reversed: (row, count) => count - 1 - row,
    'moved by one': (row, count) => (row + 1) % count,
    'all of the first example': () => 0,
    'all of the last example': (_, count) => count - 1,
  }
  it.each(Object.entries(swaps))(
    'computes one example at a time, with a warning, if the rows of a batch are %s',
    async (_, deltaOf) => {
      const messages = warnings()
      const { passes, counts } = createPasses({ deltaOf: deltaOf! })
      const session = createCheckedSession(passes)
      for (const count of [4, 4]) expectRight(await gradientsOf(session, count))
      expect(messages).toHaveLength(1)
      expect(messages[0]).toMatch(/'plain' are computed one example at a time.*differs from single/)
      expect(counts.batches).toBe(1)
    },
  )

  it('computes one example at a time if the adapter asks for it, and keeps the reason for the model', async () => {
    const messages = warnings()
    const { passes, counts } = createPasses({ reason: 'the batch is fixed at 1' })
    for (let session = 0; session < 2; session++) {
      expectRight(await gradientsOf(createCheckedSession(passes), 3))
    }
    expect(counts).toMatchObject({ batches: 1, examples: 6 })
    expect(messages).toHaveLength(2)
    expect(messages[1]).toContain('the batch is fixed at 1')
  })

  it('refuses a model whose examples affect each other', async () => {
    for (const reason of [undefined, 'no rule']) {
      const { passes } = createPasses({
        added: (_, exampleCount) => exampleCount / 10,
        ...(reason !== undefined && { reason }),
      })
      warnings()
      const session = createCheckedSession(passes)
      const { x } = examples(4)
      for (const call of [
        gradientsOf(session, 4),
        session.inputGradients([x], new Int32Array(4), {}),
      ]) {
        await expect(call).rejects.toThrow('mixes the examples of a batch')
      }
    }
  })

  it('refuses a model that draws random numbers, for one example and for several', async () => {
    let draw = 0
    const { passes } = createPasses({ added: () => Math.sin(++draw) })
    for (const count of [1, 4]) {
      const session = createCheckedSession(passes)
      const { x } = examples(count)
      for (const call of [
        gradientsOf(session, count),
        session.inputGradients([x], new Int32Array(count), {}),
      ]) {
        await expect(call).rejects.toThrow('two outputs for the same example')
      }
    }
  })

  it('runs passes one after the other in all sessions of a model, also after a failure', async () => {
    const model = {}
    const first = createPasses({}, model)
    const second = createPasses({}, model)
    Object.assign(first.passes, {
      predict: async (): Promise<NdArray> => {
        await second.passes.predict([examples(2).x], {})
        throw new Error('lost')
      },
    })
    const [x] = [examples(2).x]
    const [one, other] = [first, second].map(({ passes }) => createCheckedSession(passes))
    const calls = [
      one!.predict([x], {}),
      other!.predict([x], {}),
      gradientsOf(other!, 3),
      other!.inputGradients([x], new Int32Array(2), {}),
    ]
    const ends = await Promise.allSettled(calls)
    expect(ends.map(({ status }) => status)).toEqual([
      'rejected',
      'fulfilled',
      'fulfilled',
      'fulfilled',
    ])
    expect(second.counts.mostAtOnce).toBe(1)
  })
})
