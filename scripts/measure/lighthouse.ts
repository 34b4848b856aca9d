/**
 * Runs Lighthouse on each page of the built demo, as on a phone and on a desktop, from a server that compresses. Prints the
 * four scores, and the audits that cost points. Lighthouse is fetched by npx; use a quiet machine:
 *
 *     npx vite build && npm run measure:lighthouse [-- page …]
 */
import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { argv, env } from 'node:process'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'
import { contentTypeOf } from '../../tests/support/content-types.js'
import { findBrowser } from '../checks/browser.mjs'
import { pageNames } from '../build/demo-site.js'

const folder = path.resolve(import.meta.dirname, '../../dist-demo')
const categories = ['performance', 'accessibility', 'best-practices', 'seo'] as const
const leastScore = 0.95
/** The newest version that runs on Node 20. */
const lighthouse = 'lighthouse@12'

interface Report {
  readonly categories: Readonly<
    Record<
      string,
      {
        readonly score: number | null
        readonly auditRefs: readonly { readonly id: string; readonly weight: number }[]
      }
    >
  >
  readonly audits: Readonly<
    Record<
      string,
      { readonly score: number | null; readonly title: string; readonly displayValue?: string }
    >
  >
}

const server = createServer((request, response) => {
  const { pathname } = new URL(request.url ?? '/', 'http://localhost')
  const file = path.join(folder, path.normalize(pathname === '/' ? 'index.html' : pathname))
  const isThere = file.startsWith(folder) && statSync(file, { throwIfNoEntry: false })?.isFile()
  if (isThere !== true) {
    response.writeHead(404).end()
    return
  }
  const type = contentTypeOf(file)
  const cache = pathname.startsWith('/assets/') ? 'max-age=31536000, immutable' : 'no-cache'
  const headers = { 'content-type': type, 'content-encoding': 'gzip', 'cache-control': cache }
  response.writeHead(200, headers).end(gzipSync(readFileSync(file)))
})
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
const { port } = server.address() as AddressInfo
const results = mkdtempSync(path.join(tmpdir(), 'lighthouse-'))

const run = promisify(execFile)

async function measure(name: string, form: 'phone' | 'desktop'): Promise<Report> {
  const file = path.join(results, `${name}-${form}.json`)
  await run(
    'npx',
    [
      ...['--yes', lighthouse, `http://127.0.0.1:${port}/${name}.html`, '--quiet'],
      ...['--output=json', `--output-path=${file}`, `--only-categories=${categories.join(',')}`],
      ...(form === 'desktop' ? ['--preset=desktop'] : []),
      '--chrome-flags=--headless=new --no-sandbox',
    ],
    { env: { ...env, CHROME_PATH: findBrowser().path ?? env['CHROME_PATH'] } },
  )
  return JSON.parse(readFileSync(file, 'utf8')) as Report
}

const names = argv.length > 2 ? argv.slice(2) : pageNames
try {
  for (const name of names) {
    for (const form of ['phone', 'desktop'] as const) {
      const { categories: measured, audits } = await measure(name, form)
      const scores = categories.map(
        (id) => `${id} ${Math.round(100 * (measured[id]?.score ?? NaN))}`,
      )
      console.log(`${name}, ${form}: ${scores.join(', ')}`)
      for (const id of categories) {
        const { score = null, auditRefs = [] } = measured[id] ?? {}
        if ((score ?? 0) >= leastScore) continue
        for (const { id: audit, weight } of auditRefs) {
          const { score: part, title, displayValue = '' } = audits[audit]!
          if (weight > 0 && part !== null && part < 0.9) {
            console.log(
              `  ${id}: ${title} ${displayValue} (${Math.round(100 * part)}, weight ${weight})`,
            )
          }
        }
      }
    }
  }
} finally {
  server.close()
  rmSync(results, { recursive: true })
}
