import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type DemoPage, numberIn } from './demo-page.js'
import { desktop, hostDemo, leave } from './hosted-demo.js'

const host = hostDemo()
let demo: DemoPage
/** Errors that a test provokes itself. */
let expectedErrors: RegExp[]

beforeEach(async () => {
  expectedErrors = []
  demo = await host.visit({ viewport: desktop })
})

afterEach(() => leave(demo, expectedErrors))

/** Few training digits and points, so that a test takes a second. */
const quick = { device: 'wasm', references: 60, steps: 10 } as const

describe('the demo on wasm', () => {
  test('explains the first mistake as soon as it is opened', async () => {
    await demo.open(quick)
    await demo.settled()

    expect(await demo.text('#question-caption')).toMatch(/Held-out digit no\. \d+, labelled \d/)
    expect(await demo.verdict()).toMatch(
      /The model says \d \(.*It is wrong: the example is labelled \d\./,
    )
    expect(sum(await demo.percentages())).toBeCloseTo(100, 0)
    expect(await demo.caption('attribution')).toMatch(/(counts most for|counts for or against) \d/)
    expect(await demo.text('#attribution-delta')).toMatch(/Convergence delta \S*\d/)
    expect(await demo.canvas('gl-attribution-image canvas')).not.toBe(await demo.canvas('#picture'))

    const most = await demo.neighbours('most')
    const least = await demo.neighbours('least')
    const scores = [...most, ...least.toReversed()].map(({ score }) => score)
    expect(scores).toHaveLength(10)
    expect(scores).toEqual(scores.toSorted((a, b) => b - a))
    for (const { text } of [...most, ...least]) {
      expect(text).toMatch(/labelled \d/)
      const [, label, answer] = /labelled (\d)[^]*model says (\d)/.exec(text) ?? []
      expect(answer).toBeDefined()
      expect(text.includes('≠')).toBe(label !== answer)
    }
    expect(await demo.caption('similarity')).toMatch(
      /^The model says \d: the five most similar training digits are/,
    )
    expect(await demo.classMeans()).toHaveLength(10)
    expect(
      await demo.page.locator('gl-similar-examples .means-sentence').last().textContent(),
    ).toMatch(/^On average, training digits labelled \d/)

    const report = await demo.text('.run-report')
    expect(report).toContain('Runs on WASM.')
    expect(report).toMatch(
      /gradients of 60 training digits took [\d.]+\sm?s and \d+(\.\d)?\s.B\. Comparing/,
    )
    expect(report).toMatch(/The attribution of 10 steps took [\d.]+\sm?s\./)
    expect(await demo.text('#store-report')).toBe(
      'The gradients of the training digits were computed in this page, and the scores are exact.',
    )
    expect(await demo.text('#model-facts')).toMatch(/^The model: [\d,]+ parameters, trained on/)
  })

  test('explains the picked digit, and has an address that leads back to it', async () => {
    await demo.open(quick)
    await demo.settled()
    const first = await demo.neighbours('most')

    await demo.page.locator('.thumb').nth(20).click()
    await demo.settled()
    expect(await demo.verdict()).toContain('It is right.')
    const second = await demo.neighbours('most')
    expect(second).not.toEqual(first)

    const address = demo.page.url()
    expect(address).toMatch(/[?&]digit=\d+/)
    await demo.page.goto(address)
    await demo.settled()
    expect(await demo.neighbours('most')).toEqual(second)
  })

  test('explains a drawn digit', async () => {
    await demo.open(quick)
    await demo.settled()
    await demo.page.getByRole('button', { name: 'Draw one' }).click()
    expect(await demo.text('#question-caption')).toContain('Draw a digit in the square')
    expect(await demo.verdict()).toBe('')

    await demo.draw([
      [0.25, 0.2],
      [0.75, 0.2],
      [0.45, 0.85],
    ])
    await demo.settled()
    expect(await demo.verdict()).toMatch(/^The model says 7/)
    expect(await demo.caption('similarity')).toContain('The model says 7:')
    await demo.page.locator('#as-seen').waitFor()

    await demo.page.getByRole('button', { name: 'Clear' }).click()
    expect(await demo.verdict()).toBe('')
  })

  test('can be drawn on and picked from with the keyboard', async () => {
    await demo.open(quick)
    await demo.settled()
    const { keyboard } = demo.page
    await demo.page.locator('.thumb[tabindex="0"]').first().focus()
    await keyboard.press('ArrowRight')
    await demo.settled()
    expect(await demo.page.locator('.thumb').nth(1).getAttribute('aria-checked')).toBe('true')

    await demo.page.locator('#draw').focus()
    await keyboard.press('Enter')
    for (let i = 0; i < 8; i++) await keyboard.press('ArrowUp')
    await keyboard.down('Shift')
    for (let i = 0; i < 16; i++) await keyboard.press('ArrowDown')
    await keyboard.up('Shift')
    await demo.settled()
    expect(await demo.verdict()).toMatch(/^The model says 1/)
  })

  test('ranks by another similarity without a new fit', async () => {
    await demo.open(quick)
    await demo.settled()
    const fitted = /took .* and \S+\s.B/.exec(await demo.text('.run-report'))?.[0]

    const scores = [...(await demo.neighbours('most')), ...(await demo.neighbours('least'))]
    expect(Math.max(...scores.map(({ score }) => Math.abs(score)))).toBeLessThanOrEqual(1)
    for (const simFn of ['grad_dot', 'grad_asym_dot']) {
      const before = await demo.neighbours('least')
      await demo.page.selectOption('#sim-fn', simFn)
      await demo.settled('similarity')
      expect(await demo.neighbours('least')).not.toEqual(before)
    }
    expect(await demo.text('.run-report')).toContain(fitted)
  })

  test('draws the map with each quadrature, and has smaller deltas for better ones', async () => {
    await demo.open(quick)
    await demo.settled()
    const deltas: Record<string, number> = {}
    for (const method of await demo.page.locator('#method option').all()) {
      const value = (await method.getAttribute('value')) ?? ''
      await demo.page.selectOption('#method', value)
      await demo.settled('attribution')
      const text = await demo.text('#attribution-delta')
      deltas[value] = Math.abs(numberIn(/delta (.*)\.$/.exec(text)?.[1] ?? ''))
    }
    expect(Object.keys(deltas)).toHaveLength(5)
    expect(deltas['gausslegendre']).toBeLessThan(deltas['riemann_left'] ?? 0)

    await demo.page.fill('#steps', '40')
    await demo.page.keyboard.press('Enter')
    await demo.page.locator('.run-report', { hasText: '40 steps took' }).waitFor()
  })

  test('draws the map of the chosen class', async () => {
    await demo.open(quick)
    await demo.settled()
    const before = await demo.canvas('gl-attribution-image canvas')
    const other = demo.page.locator('gl-probabilities .row[aria-pressed="false"]').first()
    const label = await other.locator('.label').innerText()
    await other.click()
    await demo.settled('attribution')
    expect(await demo.canvas('gl-attribution-image canvas')).not.toBe(before)
    expect(await demo.caption('attribution')).toMatch(new RegExp(`(for|against) ${label}\\b`))
    expect(
      await demo.page.locator('gl-probabilities .row[aria-pressed="true"] .label').innerText(),
    ).toBe(label)
  })

  test('shows the last of several requests', async () => {
    await demo.open(quick)
    await demo.settled()
    const thumbs = demo.page.locator('.thumb')
    for (const i of [3, 17, 5, 20]) await thumbs.nth(i).click()
    await demo.settled()
    const caption = await demo.verdict()
    const neighbours = await demo.neighbours('most')

    await demo.reload()
    await demo.settled()
    expect(await demo.verdict()).toBe(caption)
    expect(await demo.neighbours('most')).toEqual(neighbours)
  })

  test('shows what a training digit shares with this one, and what would change without the nearest ones', async () => {
    await demo.open(quick)
    await demo.settled()
    const [first, second] = await demo.neighbours('most')
    const number = (text = ''): string => /no\. \d+/.exec(text)?.[0] ?? ''
    const caption = demo.page.locator('#shared-caption')
    await caption.filter({ hasText: number(first?.text) }).waitFor()
    expect(await caption.innerText()).toMatch(
      /strokes (that )?count for \d in both this digit and no\. \d+/,
    )
    const shown = await demo.canvas('#shared-example')

    await demo.page.locator('gl-similar-examples [part="example"]').nth(1).hover()
    await caption.filter({ hasText: number(second?.text) }).waitFor()
    expect(await demo.canvas('#shared-example')).not.toBe(shown)

    const whatIf = demo.page.locator('#what-if:not([data-stale])')
    expect(await whatIf.innerText()).toMatch(
      /^Undoing one training step \(rate 0\.001\) on each of the 5 most similar digits would (take|leave) the probability of \d/,
    )
  })

  test('flies over the training digits with keyboard and pointer, and asks about one', async () => {
    await demo.open(quick)
    await demo.settled()
    const canvas = demo.page.locator('#flyover')
    const words = demo.page.locator('#flyover-point')
    await expect.poll(() => canvas.evaluate(readCorner)).toEqual([255, 255, 255, 255])
    await canvas.focus()
    const { keyboard } = demo.page
    await keyboard.press('ArrowDown')
    await words.filter({ hasText: /^No\. \d+, labelled \d/ }).waitFor()
    const before = await words.innerText()
    await keyboard.press('ArrowDown')
    await words.filter({ hasNotText: before }).waitFor()
    const whole = await demo.canvas('#flyover')
    await keyboard.press('+')
    await demo.page.waitForFunction(
      (old) => document.querySelector<HTMLCanvasElement>('#flyover')?.toDataURL() !== old,
      whole,
    )
    const index = /No\. (\d+)/.exec(await words.innerText())?.[1]
    await keyboard.press('Enter')
    await demo.page
      .locator('#question-caption', { hasText: `Training digit no. ${index ?? ''}, labelled` })
      .waitFor()
    await demo.settled()
    // A digit is most similar to itself, if it is among those that are ranked.
    if (Number(index) < quick.references) {
      expect((await demo.neighbours('most'))[0]?.text).toContain(`no. ${index ?? ''}`)
    }
    await demo.page.getByRole('button', { name: 'Show all' }).click()
  })

  test('shows in place what is missing, and tries again', async () => {
    expectedErrors = [/404/]
    await demo.page.route('**/model.json', (route) => route.fulfill({ status: 404 }))
    await demo.open(quick)
    for (const part of ['attribution', 'similarity'] as const) {
      const failure = demo.progress(part).locator('.failure')
      await failure.waitFor()
      expect(await failure.innerText()).toMatch(/mnist\/model\.json could not be loaded.*try again/)
    }
    await demo.page.unroute('**/model.json')
    await demo.progress('attribution').locator('button').click()
    await demo.progress('similarity').locator('button').click()
    await demo.settled()
    expect(await demo.page.locator('.failure').count()).toBe(0)
  })

  test("names the parts of the address that it can't use", async () => {
    await demo.open({ ...quick, simFn: 'cosine', steps: 1 })
    await demo.settled('answer')
    const notice = await demo.text('#address-notice')
    expect(notice).toContain('simFn=cosine in the address is not one of grad_cos')
    expect(notice).toContain('steps=1 in the address is not an integer from 2 to 5000')
  })
})

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}

/** The first pixel of a canvas: red, green, blue, alpha. */
function readCorner(canvas: Element): number[] {
  const context = (canvas as HTMLCanvasElement).getContext('2d')
  return [...(context?.getImageData(0, 0, 1, 1).data ?? [])]
}
