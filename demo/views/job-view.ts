import { create, setText } from '../dom.js'
import type { JobState } from '../job.js'
import { formatCount, formatSeconds } from '../text/format.js'
import type { WorkProgress } from '../workers/protocol.js'

/** Work that is over sooner shows no progress: it would only flicker. */
const showProgressAfterMs = 500

export interface JobViewOptions {
  /** What is being done, as in 'Going through the training digits'. */
  readonly doing: string
  /** What progress counts, as in 'digits'. */
  readonly unit: string
  readonly cancel: (() => void) | undefined
  readonly retry: () => void
  /** What shows the job's results: dimmed while they are old. */
  readonly results: readonly HTMLElement[]
}

export interface JobView {
  show(state: JobState<unknown>): void
}

/** Progress with a cancel button, or what went wrong with a button to try again, in the place kept for it. */
export function createJobView(root: HTMLElement, options: JobViewOptions): JobView {
  const progress = create('progress', '')
  progress.setAttribute('aria-label', options.doing)
  const text = create('span', 'job-text')
  const cancel = create('button', '', 'Cancel')
  cancel.type = 'button'
  cancel.addEventListener('click', () => options.cancel?.())
  const running = create('div', 'job-running', progress)
  if (options.cancel !== undefined) running.append(cancel)
  running.append(text)

  const message = create('p', '')
  const retry = create('button', '')
  retry.type = 'button'
  retry.addEventListener('click', options.retry)
  const ended = create('div', 'job-ended', message, retry)
  message.setAttribute('role', 'status')

  let busySince: number | undefined
  let hasResults = false
  let timer: ReturnType<typeof setTimeout> | undefined

  const showRunning = (): void => {
    if (running.isConnected || busySince === undefined) return
    const hadFocus = root.contains(document.activeElement)
    root.replaceChildren(running)
    if (hadFocus) cancel.focus()
  }

  const showBusy = (startedAt: number, work: WorkProgress | undefined): void => {
    if (busySince !== startedAt) {
      busySince = startedAt
      clearTimeout(timer)
      timer = setTimeout(showRunning, showProgressAfterMs - (performance.now() - startedAt))
    }
    if (work === undefined) {
      progress.removeAttribute('value')
      setText(text, `${options.doing} …`)
    } else {
      progress.max = work.total
      progress.value = work.done
      setText(text, `${options.doing}: ${describeProgress(work, startedAt, options.unit)}`)
    }
  }

  const showEnded = (content: string | undefined, button: string, className: string): void => {
    busySince = undefined
    clearTimeout(timer)
    if (content === undefined) {
      root.replaceChildren()
      setText(message, '')
      return
    }
    message.className = className
    setText(retry, button)
    const hadFocus = root.contains(document.activeElement)
    root.replaceChildren(ended)
    // Said once it is there: a live region that comes with its text is not read.
    setText(message, content)
    if (hadFocus) retry.focus()
  }

  return {
    show(state): void {
      for (const element of options.results) {
        element.toggleAttribute('data-stale', state.status !== 'done')
      }
      root.toggleAttribute('data-busy', state.status === 'busy')
      if (state.status === 'busy') {
        showBusy(state.startedAt, state.progress)
      } else if (state.status === 'failed') {
        showEnded(state.message, 'Try again', 'job-failure')
      } else if (state.status === 'cancelled') {
        showEnded(
          hasResults ? 'Cancelled. What is shown is older.' : 'Cancelled.',
          'Compute it after all',
          'job-text',
        )
      } else {
        hasResults ||= state.status === 'done'
        showEnded(undefined, '', '')
      }
    },
  }
}

function describeProgress({ done, total }: WorkProgress, startedAt: number, unit: string): string {
  const rows = `${formatCount(done)} of ${formatCount(total)} ${unit}`
  if (done === 0 || done === total) return rows
  const leftMs = ((performance.now() - startedAt) / done) * (total - done)
  return `${rows}, about ${formatSeconds(leftMs)} left`
}
