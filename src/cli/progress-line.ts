import type { Terminal } from './command.js'

/** Shows the progress of a command: one line that is redrawn on a terminal, or a new line now and then elsewhere. */
export class ProgressLine {
  readonly #terminal: Terminal
  readonly #now: () => number
  #phase = ''
  #startedAt: number
  #startedFrom = 0
  #shownAt = -Infinity
  #shownTenth = -1
  #isOpen = false

  constructor(terminal: Terminal, now: () => number = () => performance.now()) {
    this.#terminal = terminal
    this.#now = now
    this.#startedAt = now()
  }

  /**
   * @param doing the activity, such as 'Computing'
   * @param done finished rows; the rate counts only rows after those of the first call
   */
  show(doing: string, done: number, total: number): void {
    const now = this.#now()
    if (doing !== this.#phase) {
      this.close()
      this.#phase = doing
      this.#startedAt = now
      this.#startedFrom = done
      this.#shownTenth = -1
      this.#shownAt = -Infinity
    }
    const isTTY = this.#terminal.isTTY === true
    const tenth = Math.floor((10 * done) / total)
    const isDue = isTTY
      ? now - this.#shownAt >= redrawMs
      : tenth > this.#shownTenth || now - this.#shownAt >= lineMs
    if (!isDue && done < total) return
    this.#shownAt = now
    this.#shownTenth = tenth
    const line = this.#line(done, total, now)
    if (!isTTY) {
      this.#terminal.write(`${line}\n`)
      return
    }
    const columns = this.#terminal.columns ?? 80
    this.#terminal.write(`\r${line.slice(0, columns - 1)}\u001b[K`)
    this.#isOpen = true
  }

  /** Ends the line, so that other output can follow. */
  close(): void {
    if (this.#isOpen) this.#terminal.write('\n')
    this.#isOpen = false
  }

  #line(done: number, total: number, now: number): string {
    const seconds = (now - this.#startedAt) / 1000
    const rate = seconds > 0 ? (done - this.#startedFrom) / seconds : 0
    const parts = [
      `${this.#phase} ${bar(done / total)} ${count(done)} of ${count(total)} rows`,
      `${Math.floor((100 * done) / total)} %`,
      ...(rate > 0 ? [`${rate < 10 ? rate.toFixed(1) : count(Math.round(rate))} rows/s`] : []),
      ...(done === total
        ? [formatDuration(seconds)]
        : rate > 0
          ? [`${formatDuration((total - done) / rate)} left`]
          : []),
    ]
    return parts.join(' · ')
  }
}

const redrawMs = 100
const lineMs = 30_000

const count = (value: number): string => value.toLocaleString('en')

const bar = (share: number): string => '█'.repeat(Math.round(20 * share)).padEnd(20, '░')

/** A time in at most two units, such as '2 min 5 s'. */
export function formatDuration(seconds: number): string {
  const whole = Math.round(seconds)
  if (whole < 60) return seconds < 9.95 ? `${seconds.toFixed(1)} s` : `${whole} s`
  const minutes = Math.floor(whole / 60)
  if (minutes < 60) return `${minutes} min ${whole % 60} s`
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}
