import path from 'node:path'
import { writeFileSync } from 'node:fs'
import { launchBrowser } from '../browser.js'
import { Peer, type PeerDescription } from '../peers.js'
import { renderersPeakMiB } from '../resident-memory.js'
import type { Site } from '../site.js'
import { median } from '../statistics.js'
import { type LargeCase, writeLargeCase } from './cases.js'
import { type LargeResults, type LargeTask, largeTasks, type Place } from './protocol.js'
import type { LargeColumn, LargeReport } from './report.js'

export interface LargeOptions {
  readonly rows: number | undefined
  readonly rounds: number
  /** The side of images. */
  readonly size: number
  readonly python: string | undefined
}

/** Where gradlens runs, by the names of the columns. */
const places: Readonly<Record<string, Place>> = {
  page: 'page',
  'one worker': 'worker',
  'two workers': 2,
}

/** The peers, as `large_peer.py` and `large_torch_peer.py` take them. */
const peerScripts: readonly (readonly [script: string, ...rest: string[]])[] = [
  ['large_peer.py', 'eager'],
  ['large_peer.py', 'function'],
  ['large_torch_peer.py'],
]

/** Measures one model: gradlens in each place, in a browser of its own, and then the peers. */
export async function measureLarge(
  name: string,
  site: Site,
  options: LargeOptions,
): Promise<LargeReport> {
  const folder = path.join(site.folder, 'cases', name)
  const description = await writeLargeCase(name, folder, options)
  console.error(`${description.title} …`)
  const columns: LargeColumn[] = []
  const peers: PeerDescription[] = []
  const agreement: LargeReport['agreement'][number][] = []
  const results = new Map<string, string>()
  for (const [column, place] of Object.entries(places)) {
    const file = `ours-${columns.length}.json`
    results.set(column, file)
    const measured = await measureInPage([column, place], site, description, options)
    writeFileSync(path.join(folder, file), JSON.stringify(measured.results))
    columns.push(measured.column)
  }
  for (const script of options.python === undefined ? [] : peerScripts) {
    const peer = await Peer.start(options.python ?? '', ...script)
    try {
      if (!(await peer.supports(folder))) continue
      peers.push(peer.description)
      columns.push(await measurePeer(peer, folder, description, options))
      if (script[1] !== 'eager') continue
      for (const [column, file] of results) {
        const found = await peer.check(folder, file)
        agreement.push(...found.map((each) => ({ column, ...each })))
      }
    } finally {
      peer.close()
    }
  }
  const { title, parameterCount, exampleCount } = description
  return { name, title, parameterCount, exampleCount, columns, peers, agreement }
}

async function measureInPage(
  [name, place]: readonly [string, Place],
  site: Site,
  description: LargeCase,
  { rounds }: LargeOptions,
): Promise<{ readonly column: LargeColumn; readonly results: LargeResults }> {
  const browser = await launchBrowser({ softwareWebGpu: false })
  try {
    const page = await browser.newPage()
    page.setDefaultTimeout(0)
    page.on('pageerror', (error) => {
      console.error(error)
      // Calls would otherwise wait for the page for ever.
      void page.close()
    })
    await page.goto(new URL('large.html', site.plain).href)
    await page.waitForFunction(() => (window.large as unknown) !== undefined)
    const call = [`cases/${description.name}`, description, place] as const
    const firstMs = await page.evaluate((opened) => window.large.open(...opened), call)
    const results = await page.evaluate(() => window.large.results())
    const ms = await measureRounds(rounds, (task) =>
      page.evaluate((measured) => window.large.measure(measured), task),
    )
    const rest = await page.evaluate(() => ({
      storedBytesPerExample: window.large.storedBytesPerExample(),
      heapBytes: window.large.heapBytes(),
      longestTaskMs: window.large.longestTaskMs(),
    }))
    const peakMiB = await renderersPeakMiB(browser)
    return { column: { name: `gradlens, ${name}`, ms, firstMs, ...rest, peakMiB }, results }
  } finally {
    await browser.close()
  }
}

async function measurePeer(
  peer: Peer,
  folder: string,
  { exampleCount }: LargeCase,
  { rounds }: LargeOptions,
): Promise<LargeColumn> {
  const ms = await measureRounds(rounds, async (task) => {
    const time = await peer.measure(folder, task)
    return task === 'fit' ? time / exampleCount : time
  })
  return {
    name: peer.description.name,
    ms,
    firstMs: null,
    storedBytesPerExample: await peer.storedBytesPerExample(folder),
    heapBytes: null,
    longestTaskMs: null,
    peakMiB: await peer.peakMiB(),
  }
}

async function measureRounds(
  rounds: number,
  measure: (task: LargeTask) => Promise<number>,
): Promise<Readonly<Record<LargeTask, number>>> {
  const times = largeTasks.map((): number[] => [])
  for (let round = 0; round < rounds; round++) {
    for (const [at, task] of largeTasks.entries()) times[at]!.push(await measure(task))
  }
  return Object.fromEntries(largeTasks.map((task, at) => [task, median(times[at]!)])) as Record<
    LargeTask,
    number
  >
}
