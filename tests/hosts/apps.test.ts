import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Browser } from 'playwright'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { launchBrowser } from '../e2e/launch-browser.js'
import { mostSimilar, writeExplanation } from './example-frame.js'
import {
  measureContrast,
  openHostPage,
  readTheme,
  selectFirstExample,
  waitForPicture,
} from './host-page.js'
import { programOf, readHostCode, startServer } from './host-server.js'

let browser: Browser
let folder: string

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'gradlens-hosts-'))
  writeExplanation(folder)
  browser = await launchBrowser()
})

afterAll(async () => {
  await browser.close()
  rmSync(folder, { recursive: true })
})

interface Host {
  readonly name: string
  /** The command, for a file with the code of the guide. */
  readonly command: (file: string, port: number) => readonly string[]
  readonly answers?: string
  /** The address of the page. */
  readonly page?: string
  /** The address of its dark form. Undefined: it has none. */
  readonly dark?: string
  /** What the page shows once a training example was selected. */
  readonly shows: RegExp
}

const python = programOf('apps', 'python')

/** Gradio and Dash run as scripts. They take their port from the environment. */
const script = (file: string): readonly string[] => [python, file]

const hosts: readonly Host[] = [
  {
    name: 'streamlit',
    command: (file, port) => [
      ...[programOf('apps', 'streamlit'), 'run', file, '--server.port', `${port}`],
      ...['--server.headless', 'true', '--browser.gatherUsageStats', 'false'],
    ],
    answers: '/_stcore/health',
    dark: '/',
    shows: new RegExp(`index\\D+${mostSimilar}`),
  },
  {
    name: 'gradio',
    command: script,
    dark: '/?__theme=dark',
    shows: new RegExp(`index\\D+${mostSimilar}`),
  },
  { name: 'dash', command: script, shows: new RegExp(`'index': ${mostSimilar}`) },
  {
    name: 'panel',
    command: (file, port) => [
      ...[programOf('apps', 'panel'), 'serve', file, '--port', `${port}`],
      ...['--allow-websocket-origin', `127.0.0.1:${port}`],
    ],
    answers: '/app',
    page: '/app',
    dark: '/app?theme=dark',
    shows: new RegExp(`index\\D+${mostSimilar}`),
  },
]

it.each(hosts)(
  'shows an explanation in $name, and sends the selected example back',
  async ({ name, command, answers = '/', page: address = '/', dark: darkAddress, shows }) => {
    const file = path.join(folder, 'app.py')
    writeFileSync(file, readHostCode(name))
    await using server = await startServer(
      (port) => ['env', `GRADIO_SERVER_PORT=${port}`, `PORT=${port}`, ...command(file, port)],
      { folder, answers, env: { GRADIO_ANALYTICS_ENABLED: 'False', DASH_DEBUG: 'False' } },
    )
    const { page, faults } = await openHostPage(browser, server.url + address)
    await waitForPicture(page, name)
    await expect.poll(() => readTheme(page)).toBe('light')
    await selectFirstExample(page)
    await page.getByText(shows).first().waitFor()
    expect(faults).toEqual([])
    await page.close()

    if (darkAddress === undefined) return
    const dark = await openHostPage(browser, server.url + darkAddress, 'dark')
    await waitForPicture(dark.page, `${name}-dark`)
    await expect.poll(() => readTheme(dark.page)).toBe('dark')
    await expect.poll(() => measureContrast(dark.page)).toBeGreaterThanOrEqual(7)
    await dark.page.close()
  },
)
