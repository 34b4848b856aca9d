/**
 * Runs the worker app of `tests/e2e/worker-app` and the four pages of the demo in Firefox and in WebKitGTK, and prints what
 * passed. A browser that is not installed is reported as missing. On Debian:
 *
 *     apt-get install firefox-esr webkit2gtk-driver xvfb xauth
 *     npm run build && npx tsx scripts/checks/other-browsers.ts [firefox] [webkit]
 */
import { spawn, spawnSync } from 'node:child_process'
import {
  createReadStream,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import process from 'node:process'
import { bundlers } from '../../tests/e2e/worker-app/build.js'

interface Report {
  readonly failed: boolean
  readonly text: string
}

const debianTriplet = `${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux-gnu`
const stepTimeoutMs = 90_000
const demoPages = ['index', 'garments', 'reviews', 'cars']
const scenarioNames = ['explain', 'abort', 'errors', 'starts', 'dispose', 'together', 'pool']

const types: Readonly<Record<string, string>> = {
  '.css': 'text/css',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.json': 'application/json',
  '.wasm': 'application/wasm',
}

const reportScript = `
  const report = (failed, text, last) =>
    fetch('/report', { method: 'POST', body: JSON.stringify({ failed, text, last }) })`

const appPage = (folder: string): string => `<!doctype html>
  <link rel="icon" href="data:," />
  <!-- The app is written with \`using\`; WebKit has no Symbol.dispose. -->
  <script>Symbol.dispose ??= Symbol.for('Symbol.dispose')</script>
  <script type="module">
    import '/${folder}/page.js'
    ${reportScript}
    const run = async (name, call) => {
      try {
        await report(false, name + ' ' + ((await call()) ?? ''), false)
      } catch (error) {
        await report(true, name + ': ' + error, false)
      }
    }
    if (location.search === '?resume') {
      await run('resumed store', async () => {
        const { done } = await scenarios.fitStore()
        if (done[0] <= 100) throw new Error('It started again, at ' + done[0])
        return 'from example ' + done[0]
      })
      await report(false, '', true)
    } else {
      for (const name of ${JSON.stringify(scenarioNames)}) {
        await run(name, async () => {
          const result = await scenarios[name]()
          return name === 'abort' ? JSON.stringify(result) : ''
        })
      }
      if (navigator.storage?.getDirectory === undefined) {
        await report(false, 'store: not tested, this browser has no origin private file system', true)
      } else scenarios.fitStore((done) => {
        if (done >= 160) location.href = '/app.html?resume'
      }).catch((error) => report(true, 'store: ' + error, true))
    }
  </script>`

const watchScript = `${reportScript}
  const errors = []
  addEventListener('error', ({ message }) => errors.push(message))
  const isShown = (selector) => {
    const part = document.querySelector(selector)
    if (part === null || part.hasAttribute('data-stale')) return false
    return part.state === undefined || part.state === 'ready'
  }
  const parts = ['#answer', '#attribution', '#similar']
  const started = performance.now()
  const timer = setInterval(() => {
    const missing = parts.filter((part) => !isShown(part))
    const isLate = performance.now() - started > 60000
    if (missing.length > 0 && !isLate) return
    clearInterval(timer)
    const failures = [...document.querySelectorAll('[role=alert], .failure')].map((part) => part.innerText)
    const text = missing.length > 0
      ? 'not shown: ' + missing.join(', ') + '. ' + failures.join(' ')
      : 'all shown after ' + Math.round(performance.now()) + ' ms'
    report(missing.length + errors.length > 0, [text, ...errors].join(' '), true)
  }, 100)`

/** Starts a browser at an address, with a home of its own; returns a function that ends it. */
type Start = (home: string, url: string) => () => void

function launch(command: string, options: readonly string[], home: string): () => void {
  const child = spawn(command, options, {
    detached: true,
    stdio: 'ignore',
    env: { ...process.env, HOME: home, XDG_RUNTIME_DIR: home },
  })
  return () => {
    // The browser's own processes are in its group.
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid)
  }
}

function findFirefox(): Start | undefined {
  const command = ['firefox-esr', 'firefox'].find(
    (name) => spawnSync(name, ['--version']).status === 0,
  )
  if (command === undefined) return undefined
  return (home, url) => {
    const profile = path.join(home, 'profile')
    mkdirSync(profile)
    writeFileSync(
      path.join(profile, 'user.js'),
      'user_pref("browser.aboutwelcome.enabled", false);\n' +
        'user_pref("datareporting.policy.dataSubmissionEnabled", false);\n',
    )
    return launch(command, ['--headless', '--no-remote', '--profile', profile, url], home)
  }
}

function findWebKit(): Start | undefined {
  const command = ['/usr/libexec', `/usr/lib/${debianTriplet}`, '/usr/lib64']
    .flatMap((at) => (existsSync(at) ? readdirSync(at).map((name) => path.join(at, name)) : []))
    .filter((at) => path.basename(at).startsWith('webkit2gtk-4.'))
    .map((at) => path.join(at, 'MiniBrowser'))
    .find((file) => existsSync(file))
  if (command === undefined || spawnSync('xvfb-run', ['--help']).status !== 0) return undefined
  return (home, url) => launch('xvfb-run', ['-a', command, url], home)
}

const folder = mkdtempSync('node_modules/.other-browsers-')
let receive: (report: Report & { readonly last: boolean }) => void = () => undefined

const server = createServer((request, response) => {
  const { pathname } = new URL(request.url ?? '/', 'http://localhost')
  const answer = (text: string, type: string): void => {
    response.writeHead(200, { 'content-type': types[type]! }).end(text)
  }
  if (pathname === '/report') {
    let body = ''
    request.on('data', (part: Buffer) => (body += part.toString()))
    request.on('end', () => {
      receive(JSON.parse(body) as Report & { last: boolean })
      answer('', '.html')
    })
    return
  }
  if (pathname === '/app.html') {
    answer(appPage(folder), '.html')
    return
  }
  if (pathname === '/watch.js') {
    answer(watchScript, '.js')
    return
  }
  const file = path.resolve(`.${path.normalize(pathname)}`)
  if (!existsSync(file) || !statSync(file).isFile()) {
    response.writeHead(404).end()
    return
  }
  if (pathname.startsWith('/dist-demo/') && file.endsWith('.html')) {
    const page = readFileSync(file, 'utf8')
    answer(page.replace('</head>', '<script src="/watch.js" defer></script></head>'), '.html')
    return
  }
  const type = types[path.extname(file)] ?? 'application/octet-stream'
  response.writeHead(200, { 'content-type': type })
  createReadStream(file).pipe(response)
})

/** Opens an address and prints what the page reports; resolves to whether all is well. */
async function visit(browser: string, start: Start, url: string, name: string): Promise<boolean> {
  const home = mkdtempSync(path.join(tmpdir(), 'gradlens-'))
  let isWell = true
  const print = (failed: boolean, text: string): void => {
    if (text === '') return
    if (failed) isWell = false
    console.log(`${failed ? 'FAIL' : 'pass'}  ${browser}  ${name}: ${text}`)
  }
  let end = (): void => undefined
  await new Promise<void>((resolve) => {
    const timer = setTimeout(() => {
      print(true, `no report within ${stepTimeoutMs / 1000} s`)
      resolve()
    }, stepTimeoutMs)
    receive = ({ failed, text, last }) => {
      print(failed, text)
      if (!last) return
      clearTimeout(timer)
      resolve()
    }
    end = start(home, url)
  })
  end()
  await new Promise((resolve) => setTimeout(resolve, 500))
  rmSync(home, { recursive: true, force: true, maxRetries: 5 })
  return isWell
}

const chosen = process.argv.slice(2)
const browsers = Object.entries({ firefox: findFirefox, webkit: findWebKit }).filter(
  ([name]) => chosen.length === 0 || chosen.includes(name),
)
let isWell = true
try {
  await bundlers['vite']!(path.resolve(folder))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  for (const [browser, find] of browsers) {
    const start = find()
    if (start === undefined) {
      console.log(`FAIL  ${browser}  is not installed`)
      isWell = false
      continue
    }
    if (!(await visit(browser, start, `${origin}/app.html`, 'worker app'))) isWell = false
    for (const page of demoPages) {
      const url = `${origin}/dist-demo/${page}.html?device=wasm&references=40&steps=8`
      if (!(await visit(browser, start, url, `demo ${page}`))) isWell = false
    }
  }
} finally {
  server.closeAllConnections()
  server.close()
  rmSync(folder, { recursive: true })
}
process.exitCode = isWell ? 0 : 1
