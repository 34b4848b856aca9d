import { median } from '../statistics.js'

/** A task of a few milliseconds is repeated for this long; a long one runs once. */
const minimumMs = 300

/** The median of the times of a call, in milliseconds. */
export async function medianMs(run: () => unknown): Promise<number> {
  const times: number[] = []
  let total = 0
  while (total < minimumMs) {
    const start = performance.now()
    await run()
    const time = performance.now() - start
    times.push(time)
    total += time
  }
  return median(times)
}
