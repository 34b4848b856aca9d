import { mkdirSync } from 'node:fs'
import path from 'node:path'
import type { Page } from 'playwright'
import { expect } from 'vitest'
import type { Files } from '../../../support/yours/dropped.js'
import { expectAccessible, expectNoOverflow } from '../../page-checks.js'
import type { DemoPage } from '../demo-page.js'
import { desktop, type HostedDemo, leave } from '../hosted-demo.js'

const screenshots = path.resolve(import.meta.dirname, '../../../../dist-screenshots')

/** The page Yours as a visitor meets it. */
export class YoursPage {
  readonly page: Page
  readonly #demo: DemoPage
  readonly #url: string
  readonly #origins = new Set<string>()

  private constructor(demo: DemoPage, url: string) {
    this.page = demo.page
    this.#demo = demo
    this.#url = url
  }

  static async open(host: HostedDemo): Promise<YoursPage> {
    const demo = await host.visit({
      serviceWorkers: 'allow',
      viewport: desktop,
      permissions: ['camera', 'clipboard-read', 'clipboard-write'],
    })
    const yours = new YoursPage(demo, host.server.url)
    demo.page.context().on('request', (request) => {
      yours.#origins.add(request.url().split('/', 3).join('/'))
    })
    await demo.open({}, 'yours')
    return yours
  }

  /** Ends the visit, and checks that nothing went wrong or left the page. */
  async leave(): Promise<void> {
    await leave(this.#demo)
    const isOwn = (origin: string): boolean =>
      this.#url.startsWith(origin) || origin === 'data:' || origin.startsWith('blob:')
    expect([...this.#origins].filter((origin) => !isOwn(origin))).toEqual([])
  }

  /** Chooses files. */
  async give(zone: 'model' | 'data', files: Files): Promise<void> {
    const list = Object.entries(files).map(([name, bytes]) => ({
      name,
      mimeType: 'application/octet-stream',
      buffer: Buffer.from(bytes),
    }))
    await this.page.locator(`#${zone}-drop [data-files]`).setInputFiles(list)
  }

  /** Drops files or folders of this machine, as a visitor does. */
  async drop(zone: 'model' | 'data', ...paths: string[]): Promise<void> {
    const box = await this.page.locator(`#${zone}-drop`).boundingBox()
    if (box === null) throw new Error('The zone is not shown.')
    const session = await this.page.context().newCDPSession(this.page)
    for (const type of ['dragEnter', 'dragOver', 'drop'] as const) {
      await session.send('Input.dispatchDragEvent', {
        type,
        x: box.x + box.width / 2,
        y: box.y + 12,
        data: { items: [], files: paths, dragOperationsMask: 1 },
      })
    }
    await session.detach()
  }

  /** Waits until the page says something about the model, the data, the match or the question. */
  about(zone: 'model' | 'data' | 'match' | 'ask', text: string | RegExp): Promise<void> {
    return this.page.locator(`#${zone}-about`, { hasText: text }).waitFor()
  }

  /** Waits until all parts of the answer to a question are shown. */
  async settled(question: string | RegExp): Promise<void> {
    const title = this.page.locator('#answer-title', { hasText: question })
    const answer = this.page.locator('#answer[aria-busy=false]').filter({ has: title })
    await answer.waitFor()
    const compare = this.page.locator('#compare')
    // The page asks before it compares where that would take long, as on a busy machine.
    if (await compare.isVisible()) {
      await compare.click()
      await answer.waitFor()
    }
    const maps = ['image', 'bars', 'text'].map((kind) => `gl-attribution-${kind}`)
    const parts = this.page.locator('#explainer').locator(`gl-similar-examples, ${maps.join(', ')}`)
    const states = await parts.evaluateAll((elements) =>
      elements.map((element) => (element as HTMLElement & { state: string }).state),
    )
    expect(states).toEqual(['ready', 'ready'])
  }

  /** Asks about one of the training examples that are offered. Resolves to its number. */
  async askOffered(nth: number): Promise<string> {
    const radio = this.page.locator('#examples [role=radio]').nth(nth)
    const number = /no\. \d+/.exec((await radio.getAttribute('aria-label')) ?? '')?.[0] ?? ''
    await radio.click()
    await this.settled(number)
    return number
  }

  /** The scores of the training examples that are shown. */
  async scores(): Promise<number[]> {
    return readScores(
      await this.page.locator('#explainer gl-similar-examples .score').allTextContents(),
    )
  }

  /** Ranks the labels of the training examples. Resolves to the numbers of the most suspect. */
  async rankLabels(): Promise<number[]> {
    await this.page.click('#rank-labels')
    const list = this.page.locator('#suspect-list [data-index]')
    await list.first().waitFor()
    return Promise.all(
      (await list.all()).map(async (card) => Number(await card.getAttribute('data-index'))),
    )
  }

  /** Checks the probabilities that are shown, by the names of their classes. */
  async predicts(probabilities: Readonly<Record<string, number>>): Promise<void> {
    const rows = this.page.locator('#explainer gl-probabilities [part~="row"]')
    const texts = await rows.allInnerTexts()
    const shown = texts.map((text) => {
      const [name = ''] = text.split('\n')
      return [name, Number.parseFloat(/([\d.]+)\s*%/.exec(text)?.[1] ?? '')] as const
    })
    expect(Object.fromEntries(shown)).toEqual(
      Object.fromEntries(
        Object.entries(probabilities).map(([name, value]) => [
          name,
          // Percentages have at least two digits.
          expect.closeTo(100 * value, 0) as number,
        ]),
      ),
    )
  }

  /** Saves a file as a visitor does. Resolves to its path. */
  async save(button: '#save-report' | '#save-code'): Promise<string> {
    const [download] = await Promise.all([
      this.page.waitForEvent('download'),
      this.page.click(button),
    ])
    return download.path()
  }

  /** Checks that the answer fits the screens, and writes pictures to look at. */
  async look(name: string): Promise<void> {
    const { page } = this
    mkdirSync(screenshots, { recursive: true })
    const opened = page.locator('.change[aria-expanded=true]')
    if ((await opened.count()) > 0) await opened.click()
    for (const [width, height] of [
      [1280, 900],
      [390, 844],
    ] as const) {
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.setViewportSize({ width, height })
        await page.emulateMedia({ colorScheme })
        await page.evaluate(() => {
          scrollTo(0, 0)
        })
        await expectNoOverflow(page)
        await this.#seesAnswer(width > height ? Math.max : Math.min, height)
        const file = path.join(screenshots, `${name}-${width}-${colorScheme}.png`)
        await page.screenshot({ path: file, fullPage: true })
      }
    }
    await expectAccessible(page)
  }

  /** The answer is on the first screen: both of its parts on a wide one, the first on a phone. */
  async #seesAnswer(pick: (...tops: number[]) => number, height: number): Promise<void> {
    const parts = this.page.locator('#explainer').locator('.attribution .title, .similarity .title')
    const readTops = (found: Element[]): number[] =>
      found.map((part) => part.getBoundingClientRect().top)
    await expect.poll(async () => pick(...(await parts.evaluateAll(readTops)))).toBeLessThan(height)
  }
}

/** Scores as the page writes them. */
export const readScores = (texts: readonly string[]): number[] =>
  texts.map((text) => Number(text.replace('\u2212', '-')))
