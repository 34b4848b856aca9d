import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Browser } from 'playwright'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { launchBrowser } from '../e2e/launch-browser.js'
import { writeExplanation } from './example-frame.js'
import { findPicture, openHostPage, waitForPicture } from './host-page.js'
import { programOf, readHostCode, startServer } from './host-server.js'

let browser: Browser
let folder: string

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'gradlens-trackers-'))
  writeExplanation(folder)
  browser = await launchBrowser()
})

afterAll(async () => {
  await browser.close()
  rmSync(folder, { recursive: true })
})

/** Runs the code of the guide. */
function log(host: string): void {
  const file = path.join(folder, `log_${host}.py`)
  writeFileSync(file, readHostCode(host))
  execFileSync(programOf('apps', 'python'), [file], {
    cwd: folder,
    env: {
      ...process.env,
      MLFLOW_TRACKING_URI: `sqlite:///${folder}/mlflow.db`,
      WANDB_MODE: 'offline',
      WANDB_SILENT: 'true',
    },
  })
}

it("shows logged explanations in TensorBoard's tab, with a slider over the steps", async () => {
  log('tensorboard')
  await using server = await startServer(
    (port) => [programOf('apps', 'tensorboard'), '--logdir', 'logs', '--port', `${port}`],
    { folder },
  )
  const { page, faults } = await openHostPage(browser, `${server.url}/#gradlens`)
  const tab = page.frameLocator('iframe')
  await waitForPicture(page, 'tensorboard', findPicture(tab))
  await tab.getByText('step 2').waitFor()
  await tab.getByLabel('Step').fill('0')
  await tab.getByText('step 0').waitFor()
  expect(faults).toEqual([])
  await page.close()
})

it("shows a logged report in MLflow's viewer", async () => {
  log('mlflow')
  await using server = await startServer(
    (port) => [
      ...[programOf('apps', 'mlflow'), 'server', '--port', `${port}`, '--workers', '1'],
      ...['--backend-store-uri', `sqlite:///${folder}/mlflow.db`],
    ],
    { folder, answers: '/health' },
  )
  const found = await fetch(`${server.url}/api/2.0/mlflow/runs/search`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ experiment_ids: ['0'] }),
  })
  const { runs } = (await found.json()) as { runs: { info: { run_id: string } }[] }
  const { page, faults } = await openHostPage(
    browser,
    `${server.url}/#/experiments/0/runs/${runs[0]!.info.run_id}/artifacts`,
  )
  await page.getByText('gradlens', { exact: true }).first().click()
  await page.getByText('digit.html').first().click()
  await waitForPicture(page, 'mlflow', findPicture(page.frameLocator('iframe')))
  expect(faults).toEqual([])
  await page.close()
})

it('logs a report to Weights & Biases, unchanged', async () => {
  log('wandb')
  const media = path.join(folder, 'wandb/latest-run/files/media/html')
  const [name] = readdirSync(media)
  const file = path.join(media, name!)
  const report = readFileSync(file, 'utf8')
  // The viewer puts its own tags after the first <head>.
  expect(report.split('<head>')).toHaveLength(2)
  expect(report).not.toContain('wandb')
  const { page, faults } = await openHostPage(browser, pathToFileURL(file).href)
  await waitForPicture(page, 'wandb')
  expect(faults).toEqual([])
  await page.close()
})
