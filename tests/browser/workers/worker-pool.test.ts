import { isGradlensError } from 'gradlens'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { GradientBackend } from '../../../src/compute/gradient-backend.js'
import { openBackend } from '../../../src/compute/open-backend.js'
import type { Ranking } from '../../../src/compute/ranking.js'
import { WasmInstance } from '../../../src/compute/wasm/instance.js'
import { compileKernels } from '../../../src/compute/wasm/kernels.js'
import { openWasmBackend } from '../../../src/compute/wasm/open.js'
import { PageBackend } from '../../../src/compute/wasm/page-backend.js'
import { relaxedBinary } from '../../../src/compute/wasm/relaxed-binary.js'
import { describeBackend } from '../../support/suites/compute-suite.js'
import { sliceBlock, randomBlock } from '../../support/gradients/random-blocks.js'
import {
  endWorkers,
  liveWorkers,
  refuseWorkers,
  workersSettle,
} from '../../support/workers/live-workers.js'

async function openPool(): Promise<GradientBackend> {
  const { backend, fallbackReason } = await openWasmBackend()
  expect(fallbackReason).toBeNull()
  return backend
}

const openInPage = async (): Promise<GradientBackend> =>
  new PageBackend(await WasmInstance.open(await compileKernels()))

// Sums of up to 256 float32 products per lane, each rounded by 6e-8, of factors that may be rounded themselves.
const tolerance = 1e-5

describeBackend('the SIMD kernels in this browser', { open: openInPage, tolerance })
describeBackend('the pool of workers', { open: openPool, tolerance, runs: 15 })

const train = randomBlock(
  [
    { kind: 'dense', size: 3001 },
    { kind: 'factored', positions: 1, inputSize: 150, outputSize: 70 },
    { kind: 'factored', positions: 3, inputSize: 40, outputSize: 30 },
  ],
  60,
  1,
)

/** Ranks all rows for the first five; the training rows come in twelve blocks. */
async function rank(backend: GradientBackend, most: number): Promise<Ranking> {
  const counts = { testCount: 5, trainCount: 60, most, least: 4 }
  using ranker = backend.openRanking({ ...counts, similarity: { name: 'grad_cos', eps: 0 } })
  using test = await backend.upload(sliceBlock(train, 0, 5))
  for (let start = 0; start < 60; start += 5) {
    const uploaded = await backend.upload(sliceBlock(train, start, start + 5))
    await ranker.add(test, 0, uploaded, start)
    uploaded[Symbol.dispose]()
  }
  return await ranker.finish()
}

describe('the pool of workers', () => {
  let backend: GradientBackend
  beforeEach(async () => {
    backend = await openPool()
  })
  afterEach(() => {
    backend[Symbol.dispose]()
  })

  it.each([60, 7])('has exactly the result of one thread: the %d most similar', async (most) => {
    using inPage = await openInPage()
    expect(await rank(backend, most)).toEqual(await rank(inPage, most))
  })

  it('accepts the next block while the previous one is processed', async () => {
    const blocks = Array.from({ length: 8 }, () => sliceBlock(train, 0, 60))
    const uploaded = []
    for (const block of blocks) uploaded.push(await backend.upload(block))
    const unfinished = Symbol('unfinished')
    const first = await Promise.race([uploaded.at(-1)!.squaredNorms(), Promise.resolve(unfinished)])
    expect(first).toBe(unfinished)
    await backend.settle()
    const norms = await Promise.all(uploaded.map((gradients) => gradients.squaredNorms()))
    for (const of of norms) expect(of).toEqual(norms[0])
  })

  it('transfers arrays without a copy, and copies views of larger ones', async () => {
    const whole = sliceBlock(train, 0, 3)
    const all = sliceBlock(train, 0, 6).segments[0]!
    if (all.kind !== 'dense') throw new Error('the first segment is dense')
    const view = all.values.subarray(0, 3 * all.size)
    const uploaded = await backend.upload({
      exampleCount: 3,
      segments: [{ ...all, parameter: 'view', values: view }, ...whole.segments],
    })
    const [first] = whole.segments
    expect(first?.kind === 'dense' && first.values.length).toBe(0)
    expect(view.length).toBe(3 * all.size)
    uploaded[Symbol.dispose]()
  })

  it('has at most one worker per processor, and none after the last backend is disposed', async () => {
    const other = await openPool()
    const uploaded = []
    for (let k = 0; k < 12; k++) uploaded.push(await backend.upload(sliceBlock(train, 0, 60)))
    await backend.settle()
    await other.settle()
    expect(liveWorkers()).toBeGreaterThan(0)
    expect(liveWorkers()).toBeLessThanOrEqual(navigator.hardwareConcurrency)
    backend[Symbol.dispose]()
    expect(liveWorkers()).toBeGreaterThan(0)
    other[Symbol.dispose]()
    // One that was just starting ends when it has started.
    await workersSettle(0)
    expect(liveWorkers()).toBe(0)
  })

  it('rejects its work when it is disposed while running', async () => {
    const uploaded = await backend.upload(sliceBlock(train, 0, 60))
    const ranker = backend.openRanking({
      testCount: 60,
      trainCount: 60,
      similarity: { name: 'grad_dot', eps: 0 },
      most: 60,
      least: 0,
    })
    await ranker.add(uploaded, 0, uploaded, 0)
    const pending = [
      uploaded.squaredNorms(),
      ranker.finish(),
      backend.upload(sliceBlock(train, 0, 60)),
    ]
    backend[Symbol.dispose]()
    for (const outcome of await Promise.allSettled(pending)) {
      expect(outcome.status).toBe('rejected')
      if (outcome.status !== 'rejected') continue
      expect(isGradlensError(outcome.reason, 'DisposedError')).toBe(true)
    }
    await expect(backend.upload(sliceBlock(train, 0, 1))).rejects.toThrow('disposed')
  })

  it('rejects the work of a worker that the browser terminated, and continues with another', async () => {
    const uploaded = await backend.upload(sliceBlock(train, 0, 60))
    await backend.settle()
    const norms = uploaded.squaredNorms()
    const more = await backend.upload(sliceBlock(train, 0, 60))
    // Ended without an event, as when the browser runs out of memory.
    endWorkers()
    await expect(backend.settle()).rejects.toThrow('a worker was ended by the browser')
    await expect(more.squaredNorms()).rejects.toThrow('a worker was ended by the browser')
    expect((await norms).length).toBe(60)
    using ranker = backend.openRanking({
      testCount: 60,
      trainCount: 60,
      similarity: { name: 'grad_dot', eps: 0 },
      most: 1,
      least: 1,
    })
    await ranker.add(uploaded, 0, uploaded, 0)
    await expect(ranker.finish()).rejects.toThrow('a worker was ended by the browser')
    await expect(backend.settle()).rejects.toThrow('a worker was ended by the browser')
    expect((await rank(backend, 3)).indices.length).toBe(15)
  })
})

it('the kernels are those for relaxed SIMD, which this browser has', async () => {
  const compile = vi.spyOn(WebAssembly, 'compile')
  await compileKernels()
  const bytes = compile.mock.calls[0]?.[0] as Uint8Array
  compile.mockRestore()
  expect(btoa(String.fromCharCode(...bytes))).toBe(relaxedBinary)
})

it('one thread does the work if workers are refused, and gives the reason', async () => {
  const allowWorkers = refuseWorkers(
    new DOMException('Access to the script is denied.', 'SecurityError'),
  )
  const { backend, fallbackReason } = await openBackend('wasm', undefined)
  allowWorkers()
  expect(fallbackReason).toMatch(
    /one thread.*workers cannot be started.*Access to the script is denied/,
  )
  using inPage = await openInPage()
  expect(await rank(backend, 5)).toEqual(await rank(inPage, 5))
  backend[Symbol.dispose]()
})
