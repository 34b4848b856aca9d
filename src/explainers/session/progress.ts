import { InvalidArgumentError } from '../../errors.js'
import { type CallOptions, describe, type Progress } from '../../options.js'

/** Passes progress on to the caller and, if verbose, to the terminal or the console. */
export function createProgressReporter(
  name: string,
  verbose: boolean,
  onProgress: CallOptions['onProgress'],
): (progress: Progress) => void {
  if (onProgress !== undefined && typeof onProgress !== 'function') {
    throw new InvalidArgumentError('onProgress', describe(onProgress), 'a function')
  }
  const show = verbose ? createVerboseReporter(name) : undefined
  return (progress) => {
    show?.(progress)
    onProgress?.(progress)
  }
}

interface NodeLike {
  readonly process?: { readonly stderr?: { write(text: string): unknown } }
}

/** In Node one line that is drawn over; in a browser one log entry per tenth. */
function createVerboseReporter(name: string): (progress: Progress) => void {
  const terminal = (globalThis as NodeLike).process?.stderr
  if (terminal !== undefined) {
    return ({ phase, done, total }) => {
      const bar = '█'.repeat(Math.round((20 * done) / total)).padEnd(20, '░')
      const end = done === total ? '\n' : ''
      terminal.write(`\r${name}.${phase} ${bar} ${done}/${total} rows${end}`)
    }
  }
  let shownTenths = -1
  return ({ phase, done, total }) => {
    const tenths = Math.floor((10 * done) / total)
    if (tenths === shownTenths) return
    shownTenths = tenths
    console.info(`${name}.${phase}: ${done} of ${total} rows`)
  }
}

/** The progress of one of several rounds, as that of all. */
export const reportRound =
  (report: (progress: Progress) => void, round: number, count: number) =>
  ({ phase, done, total }: Progress): void => {
    report({ phase, done: round * total + done, total: count * total })
  }
