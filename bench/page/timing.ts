import { median } from '../statistics.js'

/** Short tasks repeat for this long. A long task runs once. */
const minimumMs = 300

/** Returns the median duration of a call in milliseconds. */
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
