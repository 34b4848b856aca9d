import fc from 'fast-check'
import { MemoryError, isGradlensError } from 'gradlens'
import { describe, expect, it } from 'vitest'
import { runInBatches } from '../../../src/explainers/session/batches.js'

/** Computes with memory for the given number of examples; returns what was computed, and what was tried. */
async function backendWith(
  room: number,
  exampleCount: number,
  batchSize: number,
): Promise<{ done: number[]; tried: number[] }> {
  const done: number[] = []
  const tried: number[] = []
  const backend = (start: number, end: number): Promise<number[]> => {
    tried.push(end - start)
    if (end - start > room)
      return Promise.reject(new MemoryError('wasm', 'full', { byteLength: 8 }))
    return Promise.resolve(Array.from({ length: end - start }, (_, k) => start + k))
  }
  for await (const { result, start, end } of runInBatches(exampleCount, batchSize, backend)) {
    expect(result).toHaveLength(end - start)
    done.push(...result)
  }
  return { done, tried }
}

describe('batches', () => {
  it('have the requested size while memory suffices, except for a smaller last one', async () => {
    expect((await backendWith(99, 10, 4)).tried).toEqual([4, 4, 2])
  })

  it('are halved when memory runs out, and stay so', async () => {
    expect((await backendWith(3, 20, 16)).tried).toEqual([16, 8, 4, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2])
  })

  it('visit each example once and in order, for any amount of memory', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 1, max: 40 }),
        async (room, exampleCount, batchSize) => {
          const { done } = await backendWith(room, exampleCount, batchSize)
          expect(done).toEqual(Array.from({ length: exampleCount }, (_, row) => row))
        },
      ),
    )
  })

  it("end in an error that names an example that doesn't fit into memory alone", async () => {
    const error: unknown = await backendWith(0, 5, 4).catch((reason: unknown) => reason)
    if (!isGradlensError(error, 'MemoryError')) throw error
    expect(error).toMatchObject({ device: 'wasm', byteLength: 8 })
    expect(error.message).toContain('even for one example, number 0')
    expect(error.cause).toBeInstanceOf(MemoryError)
  })

  it('end at once with any other error', async () => {
    const tried: number[] = []
    const failing = runInBatches(8, 4, (start) => {
      tried.push(start)
      return Promise.reject(new TypeError('the page is at fault'))
    })
    await expect(failing.next()).rejects.toThrow('the page is at fault')
    expect(tried).toEqual([0])
  })
})
