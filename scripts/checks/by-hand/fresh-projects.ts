/**
 * Follows each page of docs/quick-start literally, in a fresh project with the packed package: runs
 * its commands, writes its files, opens the page and waits for an explanation. Prints a table.
 *
 * npm run build && npx tsx scripts/checks/by-hand/fresh-projects.ts [PAGE ...]
 */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { chromium, type Browser, type ConsoleMessage } from 'playwright'
import { readSamples } from '../../docs/samples.mjs'
import { findBrowser } from '../browser.mjs'

const docs = 'docs/quick-start'
const developmentServer = 'npm run dev'
const patienceMs = 180_000

interface Trial {
  readonly page: string
  lineCount: number
  commandSeconds: number
  explanationSeconds: number
  device: string
  /** Warnings and errors of the commands and of the page that name gradlens, and all of the page. */
  readonly messages: string[]
}

/** A project that follows a page. */
class Project {
  folder = mkdtempSync(path.join(tmpdir(), 'gradlens-fresh-'))
  readonly #root = this.folder
  readonly #archive: string
  #server: ChildProcess | undefined

  constructor(archive: string) {
    this.#archive = archive
  }

  /** Runs commands in a shell, which may change the folder. Returns what they print. */
  run(commands: string): string {
    const script = commands.replace(
      'npm install gradlens ',
      `npm install --no-audit --no-fund ${this.#archive} `,
    )
    const output = execFileSync('bash', ['-ec', `{ ${script}\n} 2>&1; pwd > ${this.#root}/.cwd`], {
      cwd: this.folder,
      encoding: 'utf8',
      env: { ...process.env, npm_config_yes: 'true', NEXT_TELEMETRY_DISABLED: '1' },
      timeout: patienceMs * 3,
    })
    this.folder = readFileSync(path.join(this.#root, '.cwd'), 'utf8').trim()
    return output
  }

  write(name: string, code: string): void {
    const file = path.join(this.folder, name)
    mkdirSync(path.dirname(file), { recursive: true })
    writeFileSync(file, code)
  }

  /** Starts a server that prints its address. */
  async start(command: string): Promise<string> {
    const server = spawn('bash', ['-c', `exec ${command}`], { cwd: this.folder, detached: true })
    this.#server = server
    return new Promise((resolve, reject) => {
      let output = ''
      const read = (chunk: Buffer): void => {
        // eslint-disable-next-line no-control-regex -- the colours of a terminal
        output += chunk.toString().replaceAll(/\u001B\[\d+m/g, '')
        const [address] = /http:\/\/localhost:\d+/.exec(output) ?? []
        if (address !== undefined) resolve(address)
      }
      server.stdout.on('data', read)
      server.stderr.on('data', read)
      server.once('exit', () => {
        reject(new Error(output))
      })
    })
  }

  async stop(): Promise<void> {
    const server = this.#server
    this.#server = undefined
    if (server?.pid === undefined || server.exitCode !== null) return
    const exited = once(server, 'exit')
    process.kill(-server.pid)
    await exited
  }

  async remove(): Promise<void> {
    await this.stop()
    // Its children may still write.
    rmSync(this.#root, { recursive: true, force: true, maxRetries: 10, retryDelay: 500 })
  }
}

const types: Readonly<Record<string, string>> = { '.html': 'text/html', '.js': 'text/javascript' }

/** Serves a folder. */
async function serve(folder: string): Promise<{ url: string; close(): void }> {
  const server = createServer(({ url = '/' }, response) => {
    const name = decodeURIComponent(new URL(url, 'http://localhost').pathname)
    try {
      const content = readFileSync(path.join(folder, name))
      const type = types[path.extname(name)] ?? 'application/octet-stream'
      response.writeHead(200, { 'content-type': type }).end(content)
    } catch {
      response.writeHead(404).end()
    }
  })
  await new Promise<void>((resolve) => server.listen(0, resolve))
  const { port } = server.address() as AddressInfo
  return { url: `http://localhost:${port}`, close: () => server.close() }
}

/**
 * True for what Chromium prints without a cause in the project: where it has no GPU, and where a
 * template has no icon.
 */
const isOfBrowser = (entry: ConsoleMessage): boolean =>
  entry.text() === 'No available adapters.' || entry.location().url.endsWith('/favicon.ico')

function launch(): Promise<Browser> {
  const executablePath = findBrowser().path
  return chromium.launch({
    ...(process.getuid?.() === 0 ? { args: ['--no-sandbox'] } : {}),
    ...(executablePath === undefined ? {} : { executablePath }),
  })
}

/** Opens a page, waits for its explanation, and returns the device that it shows. */
async function readDevice(url: string, trial: Trial): Promise<string> {
  const browser = await launch()
  const page = await browser.newPage()
  page.setDefaultTimeout(patienceMs)
  page.on('pageerror', ({ message }) => trial.messages.push(message))
  page.on('console', (entry) => {
    const isProblem = ['warning', 'error'].includes(entry.type())
    if (!isProblem || isOfBrowser(entry)) return
    trial.messages.push(`${entry.text()} (${entry.location().url})`)
  })
  page.on('response', (response) => {
    if (response.status() >= 400) trial.messages.push(`${response.status()} ${response.url()}`)
  })
  try {
    await page.goto(url)
    const shown = page
      .locator('body')
      .filter({ hasText: /similar/i })
      .filter({ hasText: /device|explained on/i })
    await shown.waitFor()
    const [, device = 'none'] =
      /(?:device"?:|explained on) "?(\w+)/i.exec(await shown.innerText()) ?? []
    return device
  } finally {
    await browser.close()
  }
}

/** Samples of the pages that are not part of their project. */
const otherSamples = /^(?:classic-script|modules)\.html$|-worker\.js$/

const seconds = (since: number): number => Math.round((performance.now() - since) / 100) / 10

/** What commands print about gradlens. */
const mentions = (output: string): string[] =>
  output.split('\n').filter((line) => line.includes('gradlens') && /warn|error/i.test(line))

/** The message of an error, and what a failed command printed. */
function describe(error: unknown): string {
  const { message, stdout = '' } = error as Error & { readonly stdout?: string }
  return `${message}\n${stdout.slice(-2000)}`
}

/** Follows a page. Returns what it took, once for each way to run the project. */
async function follow(page: string, archive: string): Promise<Trial[]> {
  const project = new Project(archive)
  const trial: Trial = {
    page,
    lineCount: 0,
    commandSeconds: 0,
    explanationSeconds: 0,
    device: 'none',
    messages: [],
  }
  const trials = [trial]
  const run = (commands: string, of: Trial): string => {
    const start = performance.now()
    const output = project.run(commands)
    of.commandSeconds += seconds(start)
    of.messages.push(...mentions(output))
    return output
  }
  const open = async (url: string, of: Trial): Promise<void> => {
    const start = performance.now()
    of.device = await readDevice(url, of)
    of.explanationSeconds = seconds(start)
  }
  const openFolder = async (file: string, of: Trial): Promise<void> => {
    const parent = path.dirname(file)
    const server = await serve(path.join(project.folder, parent))
    await open(`${server.url}/${path.basename(file)}`, of)
    server.close()
  }
  try {
    // The page on workers continues the one on Vite.
    if (page === 'worker') run(readSamples(`${docs}/vite.md`)[0]!.code, trial)
    let output = ''
    let isServed = false
    for (const { language, name, code } of readSamples(`${docs}/${page}.md`)) {
      if (language !== 'sh') {
        if (name === '' || otherSamples.test(name)) continue
        project.write(name, code)
        trial.lineCount += code.split('\n').filter((line) => line.trim() !== '').length
      } else if (code.trim() === developmentServer) isServed = true
      else output = run(code, trial)
    }
    if (page === 'node') trial.device = /device: '(\w+)'/.exec(output)?.[1] ?? 'none'
    else if (isServed || page === 'worker') {
      await open(await project.start(developmentServer), trial)
      await project.stop()
      const builds =
        page === 'next' ? ['npm run build', 'npx next build --webpack'] : ['npm run build']
      for (const build of builds) {
        const built = { ...trial, page: `${page}, ${build}`, commandSeconds: 0, messages: [] }
        trials.push(built)
        run(build, built)
        if (page === 'next') {
          await open(await project.start('npm run start'), built)
          await project.stop()
        } else await openFolder('dist/index.html', built)
      }
    } else await openFolder(path.basename(htmlOf(project.folder)), trial)
  } catch (error) {
    trials.at(-1)!.messages.push(describe(error))
  } finally {
    await project.remove()
  }
  return trials
}

const htmlOf = (folder: string): string =>
  readdirSync(folder).find((file) => /^(?:index|page)\.html$/.test(file))!

const folder = mkdtempSync(path.join(tmpdir(), 'gradlens-packed-'))
const packed = execFileSync('npm', ['pack', '--ignore-scripts', '--pack-destination', folder], {
  encoding: 'utf8',
  stdio: ['ignore', 'pipe', 'ignore'],
})
const archive = path.join(folder, packed.trim().split('\n').at(-1)!)
const all = readdirSync(docs).map((file) => path.basename(file, '.md'))
const chosen = process.argv.slice(2)
let failures = 0
for (const page of chosen.length > 0 ? chosen : all.filter((each) => each !== 'index')) {
  for (const trial of await follow(page, archive)) {
    const { lineCount, commandSeconds, explanationSeconds, device, messages } = trial
    console.log(
      `${trial.page}: ${lineCount} lines, ${commandSeconds.toFixed(1)} s for commands, ` +
        `${explanationSeconds} s to the explanation, on ${device}, ${messages.length} messages`,
    )
    for (const message of messages) console.log(`  ${message.slice(0, 4000)}`)
    if (device !== 'wasm' || messages.length > 0) failures += 1
  }
}
rmSync(folder, { recursive: true })
process.exitCode = failures > 0 ? 1 : 0
