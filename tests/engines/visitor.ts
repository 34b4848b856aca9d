import { createReadStream, existsSync, readFileSync, statSync } from 'node:fs'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import type { StartEngine } from '../../scripts/checks/engines.mjs'
import { contentTypeOf } from '../support/content-types.js'

/** What a visited page did: the value of its script, and the errors that nobody caught. */
interface Visit {
  readonly value?: unknown
  readonly failure?: string
  readonly errors: readonly string[]
}

/** A browser that visits one page after the other, and runs a script in each. */
export interface Visitor {
  /**
   * Opens a page and runs a script in it.
   *
   * @param address below the root of the repository
   * @param script the body of an async function, which may use `until`, `find` and `click`
   * @returns what the script returns
   * @throws Error with the script's failure, or with errors of the page
   */
  visit(address: string, script: string): Promise<unknown>
  close(): Promise<void>
}

/** What the scripts may use. They run in the page itself, for browsers that no tool drives. */
const helpers = `
  const errors = []
  addEventListener('error', ({ message }) => errors.push(message))
  addEventListener('unhandledrejection', ({ reason }) => errors.push(String(reason)))
  const pause = () => new Promise((resolve) => setTimeout(resolve, 50))
  /** The first element, also within the shadow trees of elements: 'gl-explainer >>> button'. */
  const find = (selector) =>
    selector.split('>>>').reduce((at, part) => at && (at.shadowRoot ?? at).querySelector(part.trim()), document)
  /** Waits until the condition returns something, and returns it. */
  const until = async (what, condition, timeoutMs = 60000) => {
    for (const end = performance.now() + timeoutMs; performance.now() < end; await pause()) {
      const value = await condition()
      if (value) return value
    }
    const alerts = [...document.querySelectorAll('[role=alert]')].map((part) => part.innerText)
    throw new Error(\`not reached: \${what}. \${alerts.join(' ')}\`)
  }
  const click = async (selector) => (await until(selector, () => find(selector))).click()`

const pageScript = (script: string): string => `(async () => {${helpers}
  if (document.readyState === 'loading') await new Promise((resolve) => addEventListener('DOMContentLoaded', resolve))
  let visit
  try {
    visit = { value: await (async () => { ${script} })(), errors }
  } catch (error) {
    visit = { failure: String(error), errors }
  }
  // The answer comes when there is another page to visit.
  const next = await fetch('/visited', { method: 'POST', body: JSON.stringify(visit) })
  location.href = await next.text()
})()`

/**
 * Serves the repository, and starts a browser when its first page is visited. The pages load a script of the
 * server, report to it and wait there for the next address.
 *
 * @param pages further pages by their paths
 */
export async function createVisitor(
  start: StartEngine,
  pages: Readonly<Record<string, string>> = {},
): Promise<Visitor> {
  let script = ''
  let waiting: ServerResponse | undefined
  let resolveVisit: (visit: Visit) => void = () => undefined
  let end: (() => Promise<void>) | undefined
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost')
    const answer = (text: string, name: string): void => {
      response.writeHead(200, { 'content-type': contentTypeOf(name) }).end(text)
    }
    if (pathname === '/visited') {
      let body = ''
      request.on('data', (part: Buffer) => (body += part.toString()))
      request.on('end', () => {
        waiting = response
        resolveVisit(JSON.parse(body) as Visit)
      })
      return
    }
    if (pathname === '/visit.js') {
      answer(script, 'visit.js')
      return
    }
    const file = path.resolve(`.${path.normalize(decodeURIComponent(pathname))}`)
    const isFile = existsSync(file) && statSync(file).isFile()
    const page =
      pages[pathname] ?? (file.endsWith('.html') && isFile ? readFileSync(file, 'utf8') : undefined)
    if (page !== undefined) {
      answer(page.replace('</head>', '<script src="/visit.js"></script></head>'), 'page.html')
    } else if (isFile) {
      response.writeHead(200, { 'content-type': contentTypeOf(file) })
      createReadStream(file).pipe(response)
    } else {
      response.writeHead(404).end()
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    async visit(address, body) {
      script = pageScript(body)
      const visited = new Promise<Visit>((resolve) => (resolveVisit = resolve))
      const url = new URL(address, origin).href
      if (waiting === undefined) {
        await end?.()
        end = await start(url)
      } else {
        waiting.end(url)
        waiting = undefined
      }
      const { value, failure, errors } = await visited
      if (failure === undefined && errors.length === 0) return value
      throw new Error([failure, ...errors].filter((text) => text !== undefined).join(' | '))
    },
    async close() {
      await end?.()
      server.closeAllConnections()
      server.close()
    },
  }
}
