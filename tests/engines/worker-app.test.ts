import { mkdtempSync, rmSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { engineNames, findEngine } from '../../scripts/checks/engines.mjs'
import { bundlers } from '../e2e/worker-app/build.js'
import { createVisitor, type Visitor } from './visitor.js'

const scenarioNames = ['explain', 'abort', 'errors', 'starts', 'dispose', 'together', 'pool']

const appPage = (folder: string): string => `<!doctype html><html><head>
  <link rel="icon" href="data:," />
  <!-- The app is written with \`using\`; WebKit has no Symbol.dispose. -->
  <script>Symbol.dispose ??= Symbol.for('Symbol.dispose')</script>
  <script type="module" src="/${folder}/page.js"></script>
  </head></html>`

describe.each(engineNames)('explainers in workers, in %s', (name) => {
  let folder = ''
  let visitor: Visitor

  beforeAll(async () => {
    folder = mkdtempSync('node_modules/.engines-')
    await bundlers['vite']!(path.resolve(folder))
    visitor = await createVisitor(findEngine(name)!, { '/app.html': appPage(folder) })
  })
  afterAll(async () => {
    await visitor.close()
    rmSync(folder, { recursive: true })
  })

  it('explain, abort, fail and share as in Chromium', async () => {
    const script = `
      await until('the app', () => window.scenarios)
      const passed = []
      for (const name of ${JSON.stringify(scenarioNames)}) {
        await scenarios[name]().catch((error) => { throw new Error(name + ': ' + error) })
        passed.push(name)
      }
      return passed`
    expect(await visitor.visit('/app.html', script)).toEqual(scenarioNames)
  })

  it('resume a store that the page left unfinished, if the browser has a file system', async () => {
    const hasFiles = await visitor.visit(
      '/app.html?fit',
      `await until('the app', () => window.scenarios)
       if (navigator.storage?.getDirectory === undefined) return false
       await new Promise((resolve, reject) => {
         scenarios.fitStore((done) => { if (done >= 48) resolve() }, 96).catch(reject)
       })
       return true`,
    )
    // WebKitGTK has none. Then fitting a store there must be refused, and not be lost.
    const resumed = await visitor.visit(
      '/app.html?resume',
      `await until('the app', () => window.scenarios)
       // The worker of the page before ends some time after it.
       await until('an unlocked store', async () => (await navigator.locks.query()).held.length === 0)
       try {
         return (await scenarios.fitStore(undefined, 96)).done[0]
       } catch (error) {
         return String(error)
       }`,
    )
    if (hasFiles === true) expect(resumed).toBeGreaterThan(24)
    else expect(resumed).toMatch(/OPFS|file system/)
  })
})
