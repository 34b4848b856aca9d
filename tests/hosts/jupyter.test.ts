import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Browser, FrameLocator, Page } from 'playwright'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { launchBrowser } from '../e2e/launch-browser.js'
import { writeNpy } from '../support/cli.js'
import { computePercentages, convClassifier } from '../support/onnx/conv-classifier.js'
import { seededRandom, uniform } from '../support/random.js'
import { mostSimilar, writeExplanation } from './example-frame.js'
import {
  findPicture,
  measureContrast,
  openHostPage,
  selectFirstExample,
  waitForPicture,
} from './host-page.js'
import { type HostServer, programOf, readHostCode, startServer } from './host-server.js'

let browser: Browser
let folder: string
let server: HostServer

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'gradlens-jupyter-'))
  writeExplanation(folder)
  const settings = path.join(folder, 'settings/@jupyterlab/apputils-extension')
  mkdirSync(settings, { recursive: true })
  writeFileSync(path.join(settings, 'notification.jupyterlab-settings'), '{"fetchNews": "false"}')
  browser = await launchBrowser()
  server = await startServer(
    (port) => [
      ...[programOf('notebooks', 'python'), '-m', 'jupyterlab', '--no-browser', '--allow-root'],
      ...[`--port=${port}`, '--IdentityProvider.token=', `--ServerApp.root_dir=${folder}`],
      '--ServerApp.disable_check_xsrf=True',
    ],
    {
      folder,
      answers: '/api',
      env: {
        JUPYTERLAB_SETTINGS_DIR: path.join(folder, 'settings'),
        JUPYTERLAB_WORKSPACES_DIR: path.join(folder, 'workspaces'),
        JUPYTER_DATA_DIR: path.join(folder, 'data'),
        JUPYTER_CONFIG_DIR: path.join(folder, 'config'),
        TF_CPP_MIN_LOG_LEVEL: '3',
      },
    },
  )
})

afterAll(async () => {
  await browser.close()
  await server[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true, force: true })
})

function writeNotebook(name: string, sources: readonly string[]): string {
  const cells = sources.map((source, i) => ({
    cell_type: 'code',
    id: `cell-${i}`,
    execution_count: null,
    metadata: {},
    outputs: [],
    source,
  }))
  const kernelspec = { name: 'python3', display_name: 'Python 3', language: 'python' }
  const file = path.join(folder, name)
  writeFileSync(
    file,
    JSON.stringify({ cells, metadata: { kernelspec }, nbformat: 4, nbformat_minor: 5 }),
  )
  return file
}

/** Opens a notebook, with its kernel running. */
async function openNotebook(
  name: string,
  colorScheme: 'light' | null = 'light',
): Promise<{ page: Page; faults: string[] }> {
  // A notebook that is opened without a kernel asks which one it should have.
  const session = { path: name, name, type: 'notebook', kernel: { name: 'python3' } }
  const started = await fetch(`${server.url}/api/sessions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(session),
  })
  expect(started.status).toBe(201)
  const opened = await openHostPage(browser, `${server.url}/lab/tree/${name}?reset`, colorScheme)
  await opened.page.getByText('Python 3 (ipykernel) | Idle').waitFor()
  return opened
}

async function runMenu(page: Page, menu: string, command: string): Promise<void> {
  await page.locator('.lm-MenuBar-itemLabel', { hasText: new RegExp(`^${menu}$`) }).click()
  await page.locator('.lm-Menu-itemLabel', { hasText: new RegExp(`^${command}$`) }).click()
}

async function chooseTheme(page: Page, theme: 'Dark' | 'Light'): Promise<void> {
  await page.locator('.lm-MenuBar-itemLabel', { hasText: /^Settings$/ }).click()
  await page.locator('.lm-Menu-itemLabel', { hasText: /^Theme$/ }).hover()
  await page.locator('.lm-Menu-itemLabel', { hasText: new RegExp(`^JupyterLab ${theme}$`) }).click()
  const isLight = theme === 'Light'
  await page.locator(`body[data-jp-theme-light="${isLight}"]`).waitFor({ state: 'attached' })
}

it('shows a widget in JupyterLab, sends the selection back, and is dark where Jupyter is', async () => {
  const file = writeNotebook('shown.ipynb', [
    readHostCode('jupyter'),
    'import asyncio\nw.selected',
    'gl.load("explanation.safetensors")',
  ])
  const { page, faults } = await openNotebook('shown.ipynb')
  await runMenu(page, 'Run', 'Run All Cells')
  await waitForPicture(page, 'jupyter')
  await selectFirstExample(page)
  const second = page.locator('.jp-CodeCell').nth(1)
  await second.locator('.cm-content').click()
  await page.keyboard.press('Shift+Enter')
  await second.getByText(`'index': ${mostSimilar}`).waitFor()
  await page.locator('gl-similar-examples').nth(1).waitFor()

  await chooseTheme(page, 'Dark')
  await waitForPicture(page, 'jupyter-dark')
  await expect.poll(() => measureContrast(page)).toBeGreaterThanOrEqual(7)
  expect(faults).toEqual([])

  await runMenu(page, 'File', 'Save Notebook')
  await expect.poll(() => readFileSync(file, 'utf8')).toContain('image/png')
  await page.close()
  // The server trusts the outputs that it wrote, but not those of a changed file.
  writeFileSync(file, readFileSync(file, 'utf8').replace('import asyncio', 'import abc'))
  const reopened = await openHostPage(browser, `${server.url}/lab/tree/shown.ipynb?reset`)
  for (const cell of [0, 2]) {
    const output = reopened.page.locator('.jp-CodeCell').nth(cell).locator('.jp-OutputArea-output')
    await waitForPicture(reopened.page, 'jupyter-untrusted', output.locator('img'))
    expect(await output.innerText()).toContain('The most similar')
  }
  expect(await reopened.page.locator('gl-similar-examples').count()).toBe(0)
  await reopened.page.close()
})

it('asks alibi in JupyterLab: an answer, a cancelled call, and an exception', async () => {
  writeNotebook('asked.ipynb', [
    `import time, numpy as np, keras
from alibi.explainers import IntegratedGradients
model = keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Flatten(), keras.layers.Dense(3, activation="softmax")])
ig, names = IntegratedGradients(model, n_steps=10), ["a", "b", "c"]
x = np.random.default_rng(0).random((1, 8, 8, 1)).astype("float32")
class gs:
    def explain(x):
        try:
            while True: time.sleep(0.05)
        finally:
            open("ended", "w").close()`,
    readHostCode('jupyter-ask'),
    `def broken(x): raise ValueError("the layer conv9 isn't there")
gl.ask(x, attribution=broken)`,
    `def arrays(x, target=None): return 2 * x, np.zeros(1)
gl.ask(x, predict=model, attribution=arrays, similarity=lambda x: np.arange(6.0), labels=names)`,
  ])
  const { page, faults } = await openNotebook('asked.ipynb')
  await runMenu(page, 'Run', 'Run All Cells')
  const cells = page.locator('.jp-CodeCell')
  const asked = cells.nth(1).locator('gl-explainer')
  const answered = asked.locator('gl-attribution-image figcaption').filter({ hasText: /\w/ })
  await answered.waitFor({ timeout: 90_000 })
  await asked
    .getByRole('button', { name: /cancel/i })
    .first()
    .click()
  // In place of the result, in the cell that asked.
  await cells.nth(2).locator('gl-explainer').getByText("the layer conv9 isn't there").waitFor()
  // Arrays as captum returns them, with deltas; and scores alone.
  const plain = cells.nth(3).locator('gl-explainer')
  await plain.locator('gl-attribution-image figcaption').filter({ hasText: /\w/ }).waitFor()
  await plain.locator('gl-similar-examples figcaption').waitFor()

  await expect.poll(() => existsSync(path.join(folder, 'ended'))).toBe(true)
  await cells.nth(1).evaluate((cell) => {
    cell.scrollIntoView()
  })
  await waitForPicture(page, 'jupyter-ask', answered)
  expect(faults).toEqual([])
  await page.close()
})

/** Writes an ONNX model and an image, and returns the percentages that ONNX Runtime computes. */
async function writeOnnxModel(): Promise<string[]> {
  const random = seededRandom(5)
  const bytes = convClassifier(random, 2)
  writeFileSync(path.join(folder, 'net.onnx'), bytes)
  const shape = [1, 2, 8, 8]
  const x = Float32Array.from(uniform(random, 128, [0, 1]))
  writeNpy(path.join(folder, 'image.npy'), '<f4', shape, x)
  return computePercentages(bytes, x, shape)
}

it('runs Keras and ONNX models in the page, in JupyterLab and as a file, and is dark where Jupyter is', async () => {
  const shares = await writeOnnxModel()
  writeNotebook('live.ipynb', [
    `import numpy as np, keras
keras.utils.set_random_seed(1)
model = keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Conv2D(3, 3, activation="relu"), keras.layers.Flatten(), keras.layers.Dense(3, activation="softmax")])
draw, names = np.random.default_rng(0).random, ["a", "b", "c"]
x, x_train, y_train = draw((1, 8, 8, 1), "float32"), draw((9, 8, 8, 1), "float32"), np.arange(9) % 3
percentages = [f"{100 * value:.1f}" for value in model.predict(x, verbose=0)[0]]
open("percentages.txt", "w").write(" ".join(percentages))`,
    readHostCode('jupyter-live'),
    `image = np.load("image.npy")
images = image + draw((3, 2, 8, 8), "float32")
gl.live("net.onnx", image, images, np.arange(3), loss="sparse_categorical_crossentropy", labels=names)`,
  ])
  const { page, faults } = await openNotebook('live.ipynb', null)
  await runMenu(page, 'Run', 'Run All Cells')
  const cells = page.locator('.jp-CodeCell')
  const frameOf = (cell: number): FrameLocator =>
    cells.nth(cell).frameLocator('iframe[title="Explanation"]')
  const frame = frameOf(1)
  await waitForPicture(page, 'jupyter-live', findPicture(frame))
  // JupyterLab takes cells that are out of sight from the page, so they can't be read there.
  const percentages = readFileSync(path.join(folder, 'percentages.txt'), 'utf8').split(' ')
  expect(percentages).toHaveLength(3)
  for (const percentage of percentages) {
    await frame.locator('gl-explainer').getByText(percentage).first().waitFor()
  }
  await cells.nth(2).evaluate((cell) => {
    cell.scrollIntoView()
  })
  await findPicture(frameOf(2)).waitFor()
  for (const share of shares) {
    await frameOf(2).locator('gl-explainer').getByText(share).first().waitFor()
  }
  const readPaper = (): Promise<string> =>
    frameOf(2)
      .locator('body')
      .evaluate((body) => getComputedStyle(body).backgroundColor)
  await chooseTheme(page, 'Dark')
  await expect.poll(readPaper).toBe('rgb(19, 19, 23)')
  await waitForPicture(page, 'jupyter-live-dark', findPicture(frameOf(2)))
  await chooseTheme(page, 'Light')
  await expect.poll(readPaper).toBe('rgb(255, 255, 255)')
  expect(faults).toEqual([])
  await page.close()

  const opened = await openHostPage(browser, pathToFileURL(path.join(folder, 'live.html')).href)
  await findPicture(opened.page).waitFor()
  for (const percentage of percentages) {
    await opened.page.locator('gl-explainer').getByText(percentage).first().waitFor()
  }
  expect(opened.faults).toEqual([])
  await opened.page.close()
})
