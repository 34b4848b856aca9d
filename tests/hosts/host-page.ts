import { mkdirSync } from 'node:fs'
import path from 'node:path'
import type { Browser, FrameLocator, Locator, Page } from 'playwright'

/** Not tracked; there to be looked at. */
const screenshots = path.resolve(import.meta.dirname, '../../dist-screenshots')

/** A page of a host, with what went wrong on it. */
export interface HostPage {
  readonly page: Page
  /** Messages about the content security policy, and errors that nothing caught. */
  readonly faults: string[]
}

/** @param colorScheme what the user prefers; null for the browser's own, which frames can change */
export async function openHostPage(
  browser: Browser,
  url: string,
  colorScheme: 'light' | 'dark' | null = 'light',
): Promise<HostPage> {
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 }, colorScheme })
  page.setDefaultTimeout(90_000)
  const faults: string[] = []
  page.on('pageerror', ({ message }) => faults.push(message))
  page.on('console', (entry) => {
    const text = entry.text()
    if (entry.type() === 'error' && /gradlens|gl-|Content Security Policy/.test(text)) {
      faults.push(text)
    }
  })
  await page.goto(url)
  return { page, faults }
}

/**
 * Waits until the explanation's picture is drawn, and takes a picture of the page.
 *
 * @param picture what is there once it is drawn
 */
export async function waitForPicture(
  page: Page,
  name: string,
  picture: Locator = findPicture(page),
): Promise<void> {
  mkdirSync(screenshots, { recursive: true })
  try {
    await picture.first().waitFor({ timeout: 90_000 })
    await page.evaluate(() => document.fonts.ready.then(() => undefined))
  } finally {
    await page.screenshot({ path: path.join(screenshots, `host-${name}.png`) })
  }
}

/** The sentence under the picture of similar examples. */
export function findPicture(frame: Page | FrameLocator): Locator {
  return frame.locator('gl-similar-examples figcaption')
}

/** The theme that the element took over from the page. */
export function readTheme(page: Page): Promise<unknown> {
  return page
    .locator('gl-explanation')
    .first()
    .evaluate((element) => (element as HTMLElement & { theme?: unknown }).theme)
}

/** Selects the most similar training example. */
export async function selectFirstExample(page: Page): Promise<void> {
  await page.locator('gl-similar-examples button[part="example"]').first().click()
}

/**
 * The least contrast of the element's texts with what is behind them, as WCAG defines it.
 *
 * @param page a page on which an element is shown
 */
export function measureContrast(page: Page): Promise<number> {
  return page
    .locator('gl-similar-examples')
    .first()
    .evaluate((element) => {
      const parse = (color: string): number[] => {
        const canvas = document.createElement('canvas').getContext('2d')!
        canvas.fillStyle = color
        canvas.fillRect(0, 0, 1, 1)
        return [...canvas.getImageData(0, 0, 1, 1).data]
      }
      const luminance = ([r, g, b]: number[]): number => {
        const linear = [r!, g!, b!].map((v) => {
          const share = v / 255
          return share <= 0.03928 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
        })
        return 0.2126 * linear[0]! + 0.7152 * linear[1]! + 0.0722 * linear[2]!
      }
      const behind = (node: Element | null): number[] => {
        for (let at: Element | null = node; at !== null;) {
          const color = parse(getComputedStyle(at).backgroundColor)
          if (color[3]! > 250) return color
          const parent: Node | null = at.parentNode
          at = parent instanceof ShadowRoot ? parent.host : (parent as Element | null)
          if (!(at instanceof Element)) break
        }
        return [255, 255, 255, 255]
      }
      let least = Infinity
      const visit = (rootNode: ParentNode): void => {
        for (const node of rootNode.querySelectorAll('*')) {
          if (node.shadowRoot !== null) visit(node.shadowRoot)
          const own = [...node.childNodes].some(
            (child) => child.nodeType === 3 && (child.textContent ?? '').trim() !== '',
          )
          if (!own || !node.checkVisibility()) continue
          const [text, ground] = [
            luminance(parse(getComputedStyle(node).color)),
            luminance(behind(node)),
          ]
          const ratio = (Math.max(text, ground) + 0.05) / (Math.min(text, ground) + 0.05)
          least = Math.min(least, ratio)
        }
      }
      visit(element.shadowRoot!)
      return least
    })
}
