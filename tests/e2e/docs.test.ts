import { existsSync } from 'node:fs'
import type { Page } from 'playwright'
import { beforeAll, expect, it } from 'vitest'
import { hostDemo } from './demo/hosted-demo.js'
import { expectAccessible, expectNoOverflow } from './page-checks.js'

const host = hostDemo()

beforeAll(() => {
  if (!existsSync('dist-demo/docs/index.html')) {
    throw new Error('The documentation site is missing; run npm run build:docs first.')
  }
})

/** Opens a page of the site, and collects what goes wrong and what it loads from elsewhere. */
async function open(
  address: string,
  options: { width: number; colorScheme: 'light' | 'dark' },
): Promise<{ page: Page; faults: string[] }> {
  const page = await host.browser.newPage({
    viewport: { width: options.width, height: 900 },
    colorScheme: options.colorScheme,
  })
  const faults: string[] = []
  page.on('pageerror', ({ message }) => faults.push(message))
  page.on('console', (entry) => {
    if (['error', 'warning'].includes(entry.type())) faults.push(entry.text())
  })
  page.on('request', (request) => {
    const url = request.url()
    if (!url.startsWith(host.server.url) && !url.startsWith('data:')) faults.push(`loads ${url}`)
  })
  await page.goto(`${host.server.url}${address}`)
  await page.locator('h1').first().waitFor()
  return { page, faults }
}

it.each([
  { address: 'docs/', width: 1280, colorScheme: 'light' as const },
  { address: 'docs/guides/which-method.html', width: 390, colorScheme: 'dark' as const },
  { address: 'docs/reference/troubleshooting.html', width: 1280, colorScheme: 'dark' as const },
  {
    address: 'docs/api/gradlens/classes/GradientSimilarity.html',
    width: 390,
    colorScheme: 'light' as const,
  },
])(
  'shows $address on $width pixels in $colorScheme from any folder, and passes axe',
  async ({ address, ...options }) => {
    const { page, faults } = await open(address, options)
    await expectNoOverflow(page)
    await expectAccessible(page)
    expect(faults).toEqual([])
    await page.close()
  },
)

it('finds an error by a part of its text, offline', async () => {
  const { page, faults } = await open('docs/', { width: 1280, colorScheme: 'light' })
  // The page listens to its keys once Vue has mounted it.
  await page.waitForFunction(() => '__vue_app__' in document.querySelector('#app')!)
  await page.keyboard.press('Control+k')
  const search = page.locator('.VPLocalSearchBox')
  await search.locator('input').fill('executeAsync, which cannot be differentiated')
  const first = search.locator('.result').first()
  expect(await first.getAttribute('href')).toMatch(/reference\/(?:errors|troubleshooting)\.html/)
  await first.click()
  await search.waitFor({ state: 'detached' })
  await page.locator('main').getByText('executeAsync').first().waitFor()
  expect(faults).toEqual([])
  await page.close()
})

it('leads from the demo to the documentation and back', async () => {
  const page = await host.browser.newPage()
  await page.goto(`${host.server.url}?device=cpu`)
  await page
    .getByRole('link', { name: /documentation|docs/i })
    .first()
    .click()
  await page.waitForURL(`${host.server.url}docs/**`)
  await page.getByRole('link', { name: 'Demo' }).first().click()
  // The page soon adds its question to its address.
  await page.waitForURL(`${host.server.url}index.html*`)
  await page.close()
})
