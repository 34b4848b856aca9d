import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, it } from 'vitest'
import { launchBrowser } from '../e2e/launch-browser.js'
import { mostSimilar, writeExplanation } from './example-frame.js'
import { openHostPage, selectFirstExample, waitForPicture } from './host-page.js'
import { programOf, readHostCode, startServer } from './host-server.js'

it('shows a widget in marimo, whose selection other cells see', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'gradlens-marimo-'))
  writeExplanation(folder)
  const indented = readHostCode('marimo').trimEnd().replaceAll('\n', '\n    ')
  writeFileSync(
    path.join(folder, 'notebook.py'),
    `import marimo
app = marimo.App()

@app.cell
def _():
    ${indented}
    return view,

@app.cell
def _(view):
    str(view.value["selected"])
    return

if __name__ == "__main__":
    app.run()
`,
  )
  await using server = await startServer(
    (port) => [
      ...[programOf('apps', 'marimo'), 'run', 'notebook.py', '--headless', '--no-token'],
      ...['--port', `${port}`],
    ],
    { folder, answers: '/health' },
  )
  const browser = await launchBrowser()
  const { page, faults } = await openHostPage(browser, server.url)
  await waitForPicture(page, 'marimo')
  await selectFirstExample(page)
  await page.getByText(`'index': ${mostSimilar}`).first().waitFor()
  expect(faults).toEqual([])
  await browser.close()
  rmSync(folder, { recursive: true })
})
