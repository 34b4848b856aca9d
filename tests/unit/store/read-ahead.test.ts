import fc from 'fast-check'
import { expect, it } from 'vitest'
import { readAhead } from '../../../src/store/stream/read-ahead.js'

/** Resolves after the given number of turns of the event loop, or rejects with the signal's reason when it is aborted. */
async function turns(count: number, signal: AbortSignal): Promise<void> {
  for (let turn = 0; turn < count; turn++) {
    signal.throwIfAborted()
    await new Promise((resolve) => setImmediate(resolve))
  }
  signal.throwIfAborted()
}

it('returns everything in order for any duration of reads, and never reads more at once than its limit', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 12 }),
      fc.integer({ min: 1, max: 5 }),
      async (durations, ahead) => {
        let running = 0
        let most = 0
        const read = async (index: number, signal: AbortSignal): Promise<number> => {
          most = Math.max(most, ++running)
          await turns(durations[index]!, signal)
          running--
          return index
        }
        const given: number[] = []
        for await (const index of readAhead(durations.length, ahead, read, undefined)) {
          given.push(index)
        }
        expect(given).toEqual(durations.map((_, i) => i))
        expect(most).toBe(Math.min(ahead, durations.length))
      },
    ),
    { numRuns: 50 },
  )
})

/** Three reads at once of twenty, that count those that are running. */
function countedReads(): {
  running: () => number
  read: (index: number, signal: AbortSignal) => Promise<number>
} {
  let running = 0
  return {
    running: () => running,
    read: async (index, signal) => {
      running++
      try {
        await turns(index === 4 ? 1 : 3, signal)
        if (index === 4) throw new Error('the fourth failed')
        return index
      } finally {
        running--
      }
    },
  }
}

it('has no pending reads after a failed read is reported in its turn', async () => {
  const { read, running } = countedReads()
  const given: number[] = []
  const all = async (): Promise<void> => {
    for await (const index of readAhead(20, 3, read, undefined)) given.push(index)
  }
  await expect(all()).rejects.toThrow('the fourth failed')
  expect(given).toEqual([0, 1, 2, 3])
  expect(running()).toBe(0)
})

it('has no pending reads after its consumer stops, or its signal is aborted', async () => {
  const { read, running } = countedReads()
  for await (const index of readAhead(20, 3, read, undefined)) {
    if (index === 1) break
  }
  expect(running()).toBe(0)
  const controller = new AbortController()
  const aborted = async (): Promise<void> => {
    for await (const index of readAhead(20, 3, read, controller.signal)) {
      if (index === 1) controller.abort(new Error('enough'))
    }
  }
  await expect(aborted()).rejects.toThrow('enough')
  expect(running()).toBe(0)
})
