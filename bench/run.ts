import { mkdirSync, writeFileSync } from 'node:fs'
import { arch, availableParallelism, cpus, platform, release, totalmem } from 'node:os'
import path from 'node:path'
import type { Browser } from 'playwright'
import { launchBrowser } from './browser.js'
import { writeCase, type Case } from './cases.js'
import { measureGrowth, measureMemory } from './growth.js'
import { measureLarge } from './large/measure.js'
import type { LargeReport } from './large/report.js'
import { readOptions, usage, type BenchOptions } from './options.js'
import { pageParticipant, peerParticipant, type Participant } from './participants.js'
import { Peer } from './peers.js'
import { contestants, type OurResults } from './protocol.js'
import type { BenchReport, Growth, MachineReport, Memory, ModelReport } from './report.js'
import { measureInRounds, ratiosOf } from './rounds.js'
import { openSettings, type Setting } from './settings.js'
import { serveSite, type Site } from './site.js'
import { reportText } from './table.js'

interface Arena {
  readonly options: BenchOptions
  readonly site: Site
  readonly settings: readonly Setting[]
  readonly peers: readonly Peer[]
}

const withoutPeers = 'No peers: pass --peers PYTHON, a Python with bench/peers/requirements.txt.'

async function main(options: BenchOptions): Promise<void> {
  const cleanUps: (() => unknown)[] = []
  try {
    const report = await bench(options, (cleanUp) => cleanUps.unshift(cleanUp))
    mkdirSync(path.dirname(options.json), { recursive: true })
    writeFileSync(options.json, `${JSON.stringify(report, null, 2)}\n`)
    console.log(`${reportText(report)}\n\nWritten to ${options.json}.`)
    const models = [...report.models, ...report.largeModels]
    const agrees = models.every((model) => model.agreement.every((each) => each.agrees))
    if (!agrees) process.exitCode = 1
  } finally {
    for (const cleanUp of cleanUps) await cleanUp()
  }
}

async function bench(
  options: BenchOptions,
  atEnd: (cleanUp: () => unknown) => void,
): Promise<BenchReport> {
  const site = await serveSite()
  atEnd(() => site.close())
  const largeModels: LargeReport[] = []
  for (const name of options.largeModels) {
    largeModels.push(await measureLarge(name, site, options))
  }
  const browser = await launchBrowser(options)
  atEnd(() => browser.close())
  const isSmall = options.models.length > 0
  const { open: settings, remarks } = isSmall
    ? await openSettings(browser, site, options)
    : { open: [], remarks: [] }
  const peers: Peer[] = []
  for (const script of options.python === undefined || !isSmall
    ? []
    : ['alibi_peer.py', 'torch_peer.py']) {
    const peer = await Peer.start(options.python ?? '', script)
    atEnd(() => {
      peer.close()
    })
    peers.push(peer)
  }
  const arena = { options, site, settings, peers }

  const models: ModelReport[] = []
  for (const name of options.models) models.push(await benchModel(name, arena))
  return {
    date: new Date().toISOString(),
    machine: machineReport(browser),
    settings: settings.map(({ name, report }) => ({ name, ...report })),
    peers: peers.map(({ description }) => description),
    remarks: options.python === undefined ? [...remarks, withoutPeers] : remarks,
    models,
    largeModels,
  }
}

async function benchModel(name: string, arena: Arena): Promise<ModelReport> {
  const { options, site, settings, peers } = arena
  const folder = path.join(site.folder, 'cases', name)
  const description = writeCase(name, folder, options.rows)
  const { title, parameterCount, exampleCount } = description
  console.error(`${title} …`)

  const participants: Participant[] = []
  const storedBytes = new Map<Participant, number>()
  const agreement: ModelReport['agreement'][number][] = []
  for (const setting of settings) {
    const results = await openCase(setting, description)
    writeFileSync(path.join(folder, 'ours.json'), JSON.stringify(results))
    for (const peer of peers) {
      const found = await peer.check(folder)
      const where = { setting: setting.name, peer: peer.description.name }
      agreement.push(...found.map((each) => ({ ...where, ...each })))
    }
    const here = contestants.map((contestant) => pageParticipant(setting, contestant))
    if (here[0]) storedBytes.set(here[0], results.storedBytesPerExample)
    participants.push(...here)
  }
  for (const peer of peers) {
    const participant = peerParticipant(peer, folder, description)
    storedBytes.set(participant, await peer.storedBytesPerExample(folder))
    participants.push(participant)
  }

  const columns = await measureInRounds(participants, storedBytes, options.rounds)
  const growth: Growth[] = []
  const memory: Memory[] = []
  if (options.growth) {
    for (const setting of settings) {
      growth.push(...(await measureGrowth(setting, description, options.rounds)))
      const peaks = await measureMemory(setting, description, caseAddress(name), options)
      if (peaks !== null) memory.push(peaks)
    }
  }
  const counts = { name, title, parameterCount, exampleCount }
  return { ...counts, columns, ratios: ratiosOf(columns), agreement, growth, memory }
}

async function openCase({ page, device }: Setting, description: Case): Promise<OurResults> {
  await page.bringToFront()
  const call = [caseAddress(description.name), description, device] as const
  await page.evaluate((called) => window.bench.open(...called), call)
  return page.evaluate(() => window.bench.results())
}

/** The address relative to the page. */
function caseAddress(name: string): string {
  return `cases/${name}`
}

function machineReport(browser: Browser): MachineReport {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown processor',
    cores: availableParallelism(),
    memoryGiB: totalmem() / 2 ** 30,
    system: `${platform()} ${release()} ${arch()}`,
    node: process.version.slice(1),
    browser: `Chromium ${browser.version()}`,
  }
}

if (process.argv.includes('--help')) console.log(usage)
else await main(readOptions(process.argv.slice(2)))
