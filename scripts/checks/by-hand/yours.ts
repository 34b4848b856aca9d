/**
 * Drops models and data on the page Yours in Chromium and Firefox, and prints the time from the drop to the explanation, and
 * the most memory that the browser's processes took more than before the drop.
 *
 *     npm run build && npx tsx scripts/checks/by-hand/yours.ts NAME=MODEL,DATA[,SCALING] …
 *
 * MODEL and DATA are files, several of them joined by '+'. SCALING is what is chosen for pixels: zeroToOne, signed, bytes or
 * imagenet.
 */
import { spawn, spawnSync } from 'node:child_process'
import { createReadStream, existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import process from 'node:process'
import { contentTypeOf } from '../../../tests/support/content-types.js'
import { findBrowser } from '../browser.mjs'

interface Case {
  readonly name: string
  readonly model: readonly string[]
  readonly data: readonly string[]
  readonly scaling: string | undefined
}

const timeoutMs = 180_000

const cases = process.argv.slice(2).map((text): Case => {
  const [name = '', rest = ''] = text.split('=', 2)
  const [model = '', data = '', scaling] = rest.split(',')
  return { name, model: model.split('+'), data: data.split('+'), scaling }
})

/** Runs in the page: gives the files to the inputs as a visitor does, and reports. */
const script = ({ model, data, scaling }: Case): string => `
  const report = (text) => fetch('/report', { method: 'POST', body: text })
  const give = async (zone, files) => {
    const transfer = new DataTransfer()
    for (const file of files) {
      const blob = await (await fetch('/given?file=' + encodeURIComponent(file))).blob()
      transfer.items.add(new File([blob], file.split('/').at(-1)))
    }
    const input = document.querySelector('#' + zone + '-drop [data-files]')
    input.files = transfer.files
    input.dispatchEvent(new Event('change'))
  }
  const until = async (find) => {
    for (;;) {
      const failure = document.querySelector('.failure-line')
      if (failure !== null) throw new Error(failure.textContent)
      const found = find()
      if (found) return found
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
  const run = async () => {
    await until(() => customElements.get('gl-explainer'))
    await report('start')
    const startedAt = performance.now()
    await give('model', ${JSON.stringify(model)})
    await give('data', ${JSON.stringify(data)})
    const scaling = ${JSON.stringify(scaling ?? '')}
    if (scaling !== '') (await until(() => document.querySelector('#input-choices input[value=' + scaling + ']'))).click()
    const answer = document.querySelector('#answer')
    const isAnswered = () => answer.checkVisibility() && answer.ariaBusy === 'false'
    const compare = document.querySelector('#compare')
    await until(isAnswered)
    if (compare.checkVisibility()) compare.click()
    await until(isAnswered)
    await report('done ' + Math.round(performance.now() - startedAt))
  }
  addEventListener('load', () => void run().catch((error) => report('FAIL ' + error.message)))`

let current: Case | undefined
let receive: (text: string) => void = () => undefined

const server = createServer((request, response) => {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost')
  const given = pathname === '/given' ? (searchParams.get('file') ?? '') : undefined
  if (pathname === '/report') {
    let body = ''
    request.on('data', (part: Buffer) => (body += part.toString()))
    request.on('end', () => {
      receive(body)
      response.writeHead(200).end()
    })
    return
  }
  if (pathname === '/watch.js' && current !== undefined) {
    response.writeHead(200, { 'content-type': 'text/javascript' }).end(script(current))
    return
  }
  const isGiven =
    given !== undefined && [...(current?.model ?? []), ...(current?.data ?? [])].includes(given)
  const file = isGiven ? given : path.join('dist-demo', path.normalize(pathname))
  if (!existsSync(file) || !statSync(file).isFile()) {
    response.writeHead(404).end()
    return
  }
  response.writeHead(200, { 'content-type': contentTypeOf(file) })
  if (pathname === '/yours.html') {
    const page = readFileSync(file, 'utf8')
    response.end(page.replace('</head>', '<script src="/watch.js"></script></head>'))
    return
  }
  createReadStream(file).pipe(response)
})

/** The resident memory of a process group, in bytes. */
function memoryOf(group: number): number {
  const { stdout } = spawnSync('ps', ['-o', 'rss=', '-g', String(group)], { encoding: 'utf8' })
  return stdout.split('\n').reduce((sum, line) => sum + 1024 * Number(line), 0)
}

async function visit(command: string, options: readonly string[], one: Case): Promise<string> {
  current = one
  const home = mkdtempSync(path.join(tmpdir(), 'gradlens-'))
  const { port } = server.address() as AddressInfo
  const url = `http://127.0.0.1:${port}/yours.html`
  const profile = command.includes('firefox') ? ['--profile', home] : [`--user-data-dir=${home}`]
  const child = spawn(command, [...options, ...profile, url], {
    detached: true,
    stdio: 'ignore',
    env: { ...process.env, HOME: home },
  })
  const group = child.pid ?? 0
  let [before, most] = [0, 0]
  const poll = setInterval(() => (most = Math.max(most, memoryOf(group))), 100)
  const text = await new Promise<string>((resolve) => {
    const timer = setTimeout(() => {
      resolve(`FAIL no report within ${timeoutMs / 1000} s`)
    }, timeoutMs)
    receive = (report) => {
      if (report === 'start') {
        before = most = memoryOf(group)
        return
      }
      clearTimeout(timer)
      resolve(report)
    }
  })
  clearInterval(poll)
  process.kill(-group)
  await new Promise((resolve) => setTimeout(resolve, 500))
  rmSync(home, { recursive: true, force: true, maxRetries: 5 })
  const time = /^done (\d+)$/.exec(text)?.[1]
  if (time === undefined) return text
  return `${(Number(time) / 1000).toFixed(1)} s, ${Math.round((most - before) / 1e6)} MB more than before`
}

await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
const browsers = [
  [
    'chromium',
    findBrowser().path ?? 'chromium',
    ['--headless=new', '--no-sandbox', '--no-first-run'],
  ],
  ['firefox', 'firefox-esr', ['--headless', '--no-remote']],
] as const
for (const one of cases) {
  for (const [name, command, options] of browsers) {
    const text = await visit(command, options, one)
    if (text.startsWith('FAIL')) process.exitCode = 1
    console.log(`${one.name.padEnd(20)} ${name.padEnd(9)} ${text}`)
  }
}
server.closeAllConnections()
server.close()
