import axe from 'axe-core'
import type { Page } from 'playwright'
import { expect } from 'vitest'

/** Checks that a page isn't wider than its window. */
export async function expectNoOverflow(page: Page): Promise<void> {
  const overflow = await page.evaluate(
    () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
  )
  expect(overflow).toBeLessThanOrEqual(0)
}

/** Checks that axe finds nothing in the parts of a page that a selector finds. */
export async function expectAccessible(page: Page, selector = 'html'): Promise<void> {
  await page.evaluate(axe.source)
  const { violations } = await page.evaluate(
    (within) =>
      (window as unknown as { axe: { run(within: string): Promise<axe.AxeResults> } }).axe.run(
        within,
      ),
    selector,
  )
  expect(violations.map(({ id, nodes }) => `${id}: ${String(nodes[0]?.html)}`)).toEqual([])
}
