import type { Browser, Page } from 'playwright'

interface TraceEvent {
  readonly name: string
  readonly pid: number
  readonly tid: number
  /** The thread's own running time, in microseconds. */
  readonly tdur?: number
  readonly args: { readonly name?: string }
}

/**
 * Returns the thread time of the longest task on a page's main thread, in milliseconds. Other work of the machine does not
 * count.
 *
 * @param trace what Chromium recorded with the categories `toplevel` and `devtools.timeline`
 */
export function longestTask(trace: Buffer): number {
  const { traceEvents } = JSON.parse(trace.toString('utf8')) as { traceEvents: TraceEvent[] }
  const threadOf = ({ pid, tid }: TraceEvent): string => `${pid} ${tid}`
  const mainThreads = new Set(
    traceEvents
      .filter(({ name, args }) => name === 'thread_name' && args.name === 'CrRendererMain')
      .map(threadOf),
  )
  const tasks = traceEvents.filter(
    (event) => event.name.endsWith('RunTask') && mainThreads.has(threadOf(event)),
  )
  return Math.max(...tasks.map(({ tdur = 0 }) => tdur)) / 1000
}

/**
 * Returns the thread time of the longest task of some work, in milliseconds. Work with a task of `limitMs` or more is done
 * again, up to three times: a task that the page itself makes long is long each time, one that a busy host of virtual
 * machines stretches isn't.
 *
 * @param open opens a page, or loads it again, for each time
 */
export async function measureLongestTask(
  browser: Browser,
  limitMs: number,
  open: (time: number) => Promise<Page>,
  work: (page: Page) => Promise<void>,
): Promise<number> {
  let longest = Infinity
  for (let time = 0; time < 3 && longest >= limitMs; time++) {
    const page = await open(time)
    await browser.startTracing(page, { categories: ['toplevel', 'devtools.timeline'] })
    try {
      await work(page)
    } finally {
      longest = longestTask(await browser.stopTracing())
    }
  }
  return longest
}
