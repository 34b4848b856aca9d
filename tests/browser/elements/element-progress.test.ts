import 'gradlens/elements/define'
import axe from 'axe-core'
import { Job, type GlProgress } from 'gradlens/elements'
import { expect, it, onTestFinished } from 'vitest'
import { createDeferred } from '../../support/deferred.js'
import { mounted, textsOf, within } from '../../support/elements/mounted.js'

const ranking = { doing: 'Ranking', unit: 'examples', cancellable: true }

async function mountJob(): Promise<{ element: GlProgress; job: Job<string> }> {
  const element = await mounted('gl-progress', ranking)
  const job = new Job<string>((state) => {
    element.state = state
  })
  return { element, job }
}

it('shows nothing for work that finishes at once', async () => {
  const { element, job } = await mountJob()
  await job.run(() => Promise.resolve('done'))
  await element.updateComplete
  expect(within(element, 'button, progress')).toEqual([])
  expect(textsOf(element, '[role="status"]')).toEqual([''])
})

it('shows nothing for work that has just started', async () => {
  // An hour ahead: even a busy machine renders it before half a second has passed.
  const startedAt = performance.now() + 3_600_000
  const state = { status: 'busy', startedAt, phaseStartedAt: startedAt, progress: null } as const
  const element = await mounted('gl-progress', { ...ranking, state })
  expect(within(element, 'button, progress')).toEqual([])
  expect(textsOf(element, '[role="status"]')).toEqual([''])
})

it('has the same height in every state', async () => {
  const element = await mounted('gl-progress', ranking)
  const startedAt = performance.now() - 1000
  const states = [
    { status: 'busy', startedAt, phaseStartedAt: startedAt, progress: null },
    { status: 'cancelled', hasResult: true },
    { status: 'failed', error: new Error('The GPU was lost.') },
    { status: 'done', value: 1, durationMs: 5 },
    { status: 'idle' },
  ] as const
  const heights = []
  for (const state of states) {
    element.state = state
    await element.updateComplete
    heights.push(element.getBoundingClientRect().height)
  }
  expect(new Set(heights)).toEqual(new Set([52]))
})

it('fires events when the user cancels or tries again', async () => {
  const { element, job } = await mountJob()
  const events: string[] = []
  for (const name of ['gl-progress-cancel', 'gl-progress-retry'] as const) {
    document.addEventListener(name, ({ type }) => events.push(type), { once: true })
  }
  element.addEventListener('gl-progress-cancel', () => {
    job.cancel()
  })
  const work = createDeferred<string>()
  void job.run(() => work.promise)
  await expect.poll(() => textsOf(element, 'button')).toEqual(['Cancel'])
  within(element, 'button')[0]!.click()
  await element.updateComplete
  expect(textsOf(element, '[role="status"], button')).toEqual(['Cancelled.', 'Compute anyway'])
  within(element, 'button')[0]!.click()
  expect(events).toEqual(['gl-progress-cancel', 'gl-progress-retry'])
})

it('has no Cancel button unless the job can be cancelled', async () => {
  const startedAt = performance.now() - 1000
  const state = { status: 'busy', startedAt, phaseStartedAt: startedAt, progress: null } as const
  const element = await mounted('gl-progress', { ...ranking, cancellable: false, state })
  expect(textsOf(element, '.running .message')).toEqual(['Ranking …'])
  expect(within(element, 'button')).toEqual([])
})

it('shows an error as text, followed by the hint', async () => {
  const error = new Error('<img src=x onerror="window.wasParsed = true">')
  const element = await mounted('gl-progress', {
    ...ranking,
    state: { status: 'failed', error },
    hint: 'Choose another device.',
  })
  expect(textsOf(element, '[role="status"]')).toEqual([`${error.message} Choose another device.`])
  expect(textsOf(element, 'button')).toEqual(['Try again'])
  expect('wasParsed' in window).toBe(false)
})

it.each(['light', 'dark'] as const)('passes axe in every state, in %s', async (theme) => {
  document.documentElement.style.colorScheme = theme
  onTestFinished(() => {
    document.documentElement.style.removeProperty('color-scheme')
  })
  const element = await mounted('gl-progress', ranking)
  const startedAt = performance.now() - 1000
  const progress = { phase: 'fit', done: 1, total: 3 } as const
  for (const state of [
    { status: 'busy', startedAt, phaseStartedAt: startedAt, progress },
    { status: 'cancelled', hasResult: true },
    { status: 'failed', error: new Error('The GPU was lost.') },
  ] as const) {
    element.state = state
    await element.updateComplete
    const { violations } = await axe.run(element, {
      rules: { 'color-contrast-enhanced': { enabled: true } },
    })
    expect(violations.map(({ id }) => id)).toEqual([])
  }
})
