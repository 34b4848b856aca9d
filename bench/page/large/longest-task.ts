/** Observes the tasks of the page's thread. Browsers report those of 50 ms or more. */
export class LongestTask {
  #longestMs = 0
  readonly #observer = new PerformanceObserver((list) => {
    this.#add(list.getEntries())
  })

  constructor() {
    this.#observer.observe({ type: 'longtask' })
  }

  /** Milliseconds. 0 if there was none of 50 ms or more. */
  get ms(): number {
    this.#add(this.#observer.takeRecords())
    return this.#longestMs
  }

  /** Forgets the tasks so far. */
  reset(): void {
    this.#observer.takeRecords()
    this.#longestMs = 0
  }

  #add(entries: readonly PerformanceEntry[]): void {
    for (const { duration } of entries) this.#longestMs = Math.max(this.#longestMs, duration)
  }
}
