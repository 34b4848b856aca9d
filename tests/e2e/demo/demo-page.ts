import type { Locator, Page } from 'playwright'
import { expect } from 'vitest'
import type { DemoServer } from './demo-server.js'

/** What of the page's work the tests wait for. */
export type Part = 'answer' | 'attribution' | 'similarity'

/** The elements inside `<gl-explainer>`, which shows all parts. */
const results: Readonly<Record<Part, string>> = {
  answer: 'gl-probabilities',
  attribution: 'gl-attribution-image, gl-attribution-text, gl-attribution-bars',
  similarity: 'gl-similar-examples',
}

/** The pages of the site, by the name of their file. */
export type PageName = 'index' | 'garments' | 'reviews' | 'cars' | 'photos' | 'yours'

/** How long any part may take on a busy machine, in software. */
const patienceMs = 90_000

/** The demo as a visitor meets it. */
export class DemoPage {
  readonly page: Page
  readonly #server: DemoServer
  /** Whatever the console reported as an error, and errors that nothing caught. */
  readonly errors: string[] = []

  constructor(page: Page, server: DemoServer) {
    this.page = page
    this.#server = server
    page.setDefaultTimeout(patienceMs)
    page.on('console', (message) => {
      if (message.type() === 'error') this.errors.push(message.text())
    })
    page.on('pageerror', (error) => {
      this.errors.push(error.message)
    })
  }

  async open(
    query: Readonly<Record<string, string | number>>,
    name: PageName = 'index',
  ): Promise<void> {
    const text = new URLSearchParams(
      Object.entries(query).map(([key, value]) => [key, String(value)]),
    )
    await this.page.goto(`${this.#server.url}${name}.html?${text.toString()}`)
    await this.openSettings()
  }

  async reload(): Promise<void> {
    await this.page.reload()
    await this.openSettings()
  }

  /** Waits until what the parts show is what was asked for last. */
  async settled(...parts: Part[]): Promise<void> {
    for (const part of parts.length > 0 ? parts : (Object.keys(results) as Part[])) {
      await this.page.waitForFunction(isShown, results[part])
    }
  }

  /** Waits until the service worker has cached files. Each is cached while the page reads it, and the page may be done first. */
  async cached(urls: readonly string[]): Promise<void> {
    await expect.poll(() => this.page.evaluate(listMissing, urls)).toEqual([])
  }

  text(selector: string): Promise<string> {
    return this.page.locator(selector).innerText()
  }

  /** The sentence on top: what the model says. */
  verdict(): Promise<string> {
    return this.text('.verdict')
  }

  /** The sentence under a part. */
  caption(part: 'attribution' | 'similarity'): Promise<string> {
    // The page has lists of training examples elsewhere, too.
    const tags = results[part].split(', ')
    return this.text(tags.map((tag) => `.${part} ${tag} figcaption`).join(', '))
  }

  /** The element that shows the progress of a part, and its failures. */
  progress(part: 'attribution' | 'similarity'): Locator {
    return this.page.locator(`gl-explainer section.${part} gl-progress .progress`)
  }

  /** The five training examples at one end of the order, as the page shows them. */
  async neighbours(row: 'most' | 'least'): Promise<{ text: string; score: number }[]> {
    const end = this.page.locator('gl-similar-examples .end').nth(row === 'most' ? 0 : 1)
    const cards = await end.locator('[part="example"]').all()
    return Promise.all(
      cards.map(async (card) => ({
        // The least similar are folded, so they have no innerText.
        text: (await card.evaluate(readText)).trim(),
        score: numberIn(await card.locator('.score').evaluate(readText)),
      })),
    )
  }

  /** Opens the rankings that are compared, and returns the numbers of the training examples in each. */
  async openRankings(): Promise<number[][]> {
    await this.page.locator('gl-explainer .rankings summary').click()
    const rankings = this.page.locator('gl-explainer .ranking')
    await rankings.first().waitFor()
    await this.page.waitForFunction(areRankingsShown)
    return Promise.all((await rankings.all()).map((ranking) => this.numbersIn(ranking)))
  }

  /** The numbers of the training examples at the upper end of a ranking. */
  async numbersIn(ranking: Locator): Promise<number[]> {
    const cards = await ranking.locator('.end').first().locator('[data-index]').all()
    return Promise.all(cards.map(async (card) => Number(await card.getAttribute('data-index'))))
  }

  async classMeans(): Promise<number[]> {
    const means = await this.page.locator('gl-similar-examples .mean .score').all()
    return Promise.all(means.map(async (mean) => numberIn(await mean.evaluate(readText))))
  }

  async percentages(): Promise<number[]> {
    return (await this.page.locator('gl-probabilities .percent').allInnerTexts()).map((text) =>
      Number.parseFloat(text.replace('<', '')),
    )
  }

  /** Opens the settings, whose controls are folded. */
  async openSettings(): Promise<void> {
    await this.page.evaluate(() => {
      document.querySelector('details.settings')?.setAttribute('open', '')
    })
  }

  thumb(index: number): Locator {
    return this.page.getByRole('radio', { name: `held-out digit ${index},` })
  }

  /** Draws one stroke through the points, given in 0 … 1 of the pad. */
  async draw(points: readonly (readonly [x: number, y: number])[]): Promise<void> {
    const box = await this.page.locator('#pad').boundingBox()
    if (box === null) throw new Error('The pad is not shown.')
    const { mouse } = this.page
    for (const [i, [x, y]] of points.entries()) {
      await mouse.move(box.x + x * box.width, box.y + y * box.height, { steps: i === 0 ? 1 : 5 })
      if (i === 0) await mouse.down()
    }
    await mouse.up()
  }

  /** The colours of a canvas, as a string to compare with another; of several the first. */
  canvas(selector: string): Promise<string> {
    return this.page
      .locator(selector)
      .first()
      .evaluate((canvas) => (canvas as HTMLCanvasElement).toDataURL())
  }
}

/** Whether that part shows the result that was asked for last. A page without it has nothing to show. */
function isShown(selector: string): boolean {
  const explainer = document.querySelector('gl-explainer')
  const verdict = explainer?.shadowRoot?.querySelector('.verdict')
  if (verdict?.textContent.trim() === '' || verdict?.hasAttribute('data-stale') !== false) {
    return false
  }
  const part = explainer?.shadowRoot?.querySelector<HTMLElement & { readonly state?: string }>(
    selector,
  )
  return part === null || part?.state === 'ready'
}

async function listMissing(urls: readonly string[]): Promise<string[]> {
  const cached = await Promise.all(urls.map((url) => caches.match(url)))
  return urls.filter((_, i) => cached[i] === undefined)
}

function areRankingsShown(): boolean {
  const root = document.querySelector('gl-explainer')?.shadowRoot
  const shown = root?.querySelectorAll<HTMLElement & { readonly state?: string }>(
    '.ranking gl-similar-examples',
  )
  return shown !== undefined && [...shown].every(({ state }) => state === 'ready')
}

const readText = (element: Element): string => element.textContent.replace(/\s+/g, ' ').trim()

/** Reads '−3.1×10⁻⁴' as the page writes it. */
export function numberIn(text: string): number {
  const [mantissa = '', power] = text.replace('\u2212', '-').split('×10')
  const exponent = (power ?? '')
    .replace('⁻', '-')
    .replace(/[⁰¹²³⁴⁵⁶⁷⁸⁹]/g, (digit) => String('⁰¹²³⁴⁵⁶⁷⁸⁹'.indexOf(digit)))
  return Number(mantissa) * 10 ** Number(exponent === '' ? 0 : exponent)
}
