/**
 * Shows the Python package's widgets with the code that renders ipywidgets in VS Code:
 * `npx tsx scripts/checks/by-hand/vscode-widgets.ts`, after `npm run build` and
 * `npm run test:hosts`, which creates the Python environment. It downloads two packages from npm.
 *
 * VS Code's widget manager, RequireJS and the scripts of anywidget are the real ones. The kernel,
 * the editor around the frame and the frame's styles are replaced by what this file has. Pictures
 * go to dist-screenshots, and the script fails if a widget doesn't work.
 */
import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Browser, FrameLocator } from 'playwright'
import { launchBrowser } from '../../../tests/e2e/launch-browser.js'
import { servePages } from '../../../tests/e2e/page-server.js'
import { mostSimilar, writeExplanation } from '../../../tests/hosts/example-frame.js'
import { programOf } from '../../../tests/hosts/host-server.js'
import { convClassifier } from '../../../tests/support/onnx/conv-classifier.js'
import { seededRandom } from '../../../tests/support/random.js'
import { copyElements } from '../python/host-environments.mjs'

const root = path.resolve(import.meta.dirname, '../../..')
const screenshots = path.join(root, 'dist-screenshots')
const packages = ['@vscode/jupyter-ipywidgets8@1.0.9', 'requirejs@2.3.7']

/** Creates the widgets of an explanation and of a page with a model, and prints their states. */
const program = `import json, pathlib, sys
import numpy as np
from ipywidgets import Widget
import anywidget, gradlens as gl
shown = gl.widget(gl.load("explanation.safetensors"), selectable=True)
page = gl.live("net.onnx", np.ones((1, 2, 8, 8), "float32"), labels=["a", "b", "c"])
bundle, _ = page._repr_mimebundle_()
live = bundle["application/vnd.jupyter.widget-view+json"]["model_id"]
folder = pathlib.Path(sys.prefix) / "share/jupyter/nbextensions/anywidget"
pathlib.Path("state.json").write_text(json.dumps({
    "views": {"shown": shown.model_id, "live": live}, **Widget.get_manager_state(),
}))
print(folder)`

/** The colours of VS Code's default themes that widgets can see. */
const themes = {
  dark: { background: '#1f1f1f', foreground: '#cccccc', description: '#9d9d9d', focus: '#0078d4' },
  light: { background: '#ffffff', foreground: '#3b3b3b', description: '#3b3b3b', focus: '#005fb8' },
} as const

type Theme = keyof typeof themes

/** What the page of the outputs has sent to the kernel. */
interface Page {
  readonly sent: readonly { readonly state?: { readonly selected?: { readonly index: number } } }[]
}

/** The editor, with a transparent frame of another origin in front of it. */
const editorPage = (theme: Theme, origin: string): string =>
  `<body style="margin:0;background:${themes[theme].background}"><iframe src="${origin}/${theme}-webview.html" ` +
  'style="border:0;width:100vw;height:100vh"></iframe>'

/** The frame of a notebook's outputs: the styles, the scripts, a kernel and an output per widget. */
function webviewPage(theme: Theme): string {
  const { background, foreground, description, focus } = themes[theme]
  return `<!doctype html>
<html lang="en" style="--vscode-editor-background:${background};--vscode-editor-foreground:${foreground};
--vscode-descriptionForeground:${description};--vscode-focusBorder:${focus};--vscode-font-family:system-ui">
<head><meta charset="utf-8"><script src="/require.js"></script></head>
<body class="vscode-${theme}" data-vscode-theme-kind="vscode-${theme}"
style="background-color:transparent;color:var(--vscode-editor-foreground);margin:0;padding:0 20px">
<div id="shown"></div><div id="live"></div>
<script type="module">
import { activate } from '/ipywidgets.js'
requirejs.config({ baseUrl: '/', paths: { anywidget: 'anywidget/index' } })
activate()
window.vscIPyWidgets8.load()
window.sent = []
const signal = { connect() {}, disconnect() {}, emit() {} }
const targets = new Map()
const kernel = {
  ...{ name: 'python3', status: 'idle', handleComms: false },
  ...{ statusChanged: signal, connectionStatusChanged: signal, iopubMessage: signal, unhandledMessage: signal },
  registerCommTarget: (name, open) => targets.set(name, open),
  removeCommTarget() {},
  requestCommInfo: async () => ({ content: { status: 'ok', comms: {} } }),
}
const createComm = (commId) => ({
  ...{ commId, targetName: 'jupyter.widget', isDisposed: false },
  send(data) {
    window.sent.push(data)
    const future = { msg: { header: { msg_id: String(window.sent.length) } } }
    setTimeout(() => {
      future.onIOPub?.({ header: { msg_type: 'status' }, content: { execution_state: 'idle' } })
    })
    return future
  },
  ...{ open() {}, close() {} },
})
const log = (message) => console.log(message)
const loader = {
  widgetsRegisteredInRequireJs: new Set(['anywidget']),
  ...{ loadWidgetScript() {}, successHandler() {}, errorHandler: (...fault) => console.error(...fault) },
}
const manager = new vscIPyWidgets.WidgetManager(kernel, document.body, loader, log)
const { views, state } = await (await fetch('/state.json')).json()
for (const [comm_id, { state: own, buffers = [] }] of Object.entries(state)) {
  const bytes = buffers.map(({ data }) => Uint8Array.from(atob(data), (each) => each.charCodeAt(0)).buffer)
  const message = {
    header: { msg_id: 'open ' + comm_id },
    metadata: { version: '2.1.0' },
    buffers: bytes.map((buffer) => new DataView(buffer)),
    content: {
      ...{ comm_id, target_name: 'jupyter.widget', target_module: null },
      data: { state: own, buffer_paths: buffers.map((buffer) => buffer.path) },
    },
  }
  await targets.get('jupyter.widget')(createComm(comm_id), message)
}
for (const [name, id] of Object.entries(views)) {
  const view = await manager.create_view(await manager.get_model(id))
  await manager.display_view(undefined, view, { node: document.getElementById(name) })
}
</script></body></html>`
}

function assert(isTrue: boolean, fault: string): void {
  if (!isTrue) throw new Error(fault)
}

async function check(browser: Browser, url: string, theme: Theme): Promise<void> {
  // Without a preference that Playwright emulates, frames have the one of what is around them.
  const page = await browser.newPage({
    ...{ viewport: { width: 1280, height: 1400 }, colorScheme: null },
  })
  page.on('console', (entry) => {
    if (entry.type() === 'error') console.log(`console: ${entry.text()}`)
  })
  page.on('pageerror', ({ message }) => {
    console.log(`error: ${message}`)
  })
  await page.goto(`${url}/${theme}.html`)
  const frame: FrameLocator = page.locator('iframe').contentFrame()
  const element = frame.locator('gl-explanation')
  await frame.locator('gl-similar-examples figcaption').first().waitFor()
  const found = await element.evaluate((each) => (each as HTMLElement & { theme?: unknown }).theme)
  assert(found === theme, `The widget's theme is ${String(found)}; expected ${theme}.`)
  await frame.locator('gl-similar-examples button[part="example"]').first().click()
  await page.frames()[1]!.waitForFunction(
    (index) => {
      const { sent } = globalThis as unknown as Page
      return sent.some(({ state }) => state?.selected?.index === index)
    },
    mostSimilar,
    { timeout: 10_000 },
  )
  const live = frame.frameLocator('iframe[title="Explanation"]')
  await live.locator('gl-explainer').getByText(/\d\s%/).first().waitFor()
  const paper = await live
    .locator('body')
    .evaluate((body) => getComputedStyle(body).backgroundColor)
  const expected = theme === 'dark' ? 'rgb(19, 19, 23)' : 'rgb(255, 255, 255)'
  assert(paper === expected, `The page with a model is ${paper}; expected ${expected}.`)
  mkdirSync(screenshots, { recursive: true })
  await page.screenshot({ path: path.join(screenshots, `host-vscode-${theme}.png`) })
  await page.close()
  console.log(`VS Code, ${theme}: the widget, its selection and the page with a model work`)
}

const folder = mkdtempSync(path.join(tmpdir(), 'gradlens-vscode-'))
const browser = await launchBrowser()
try {
  const inFolder = { cwd: folder, encoding: 'utf8' } as const
  for (const archive of execFileSync('npm', ['pack', '--silent', ...packages], inFolder)
    .trim()
    .split('\n')) {
    execFileSync('tar', ['xzf', archive], inFolder)
  }
  const files = {
    'package/dist/ipywidgets.js': 'ipywidgets.js',
    'package/require.js': 'require.js',
  }
  for (const [from, to] of Object.entries(files)) {
    cpSync(path.join(folder, from), path.join(folder, to))
  }
  writeExplanation(folder)
  writeFileSync(path.join(folder, 'net.onnx'), convClassifier(seededRandom(5), 2))
  const python = programOf('notebooks', 'python')
  copyElements()
  const sources = ['python/src', 'python/live/src'].map((part) => path.join(root, part))
  const env = { ...process.env, PYTHONPATH: sources.join(path.delimiter) }
  const anywidget = execFileSync(python, ['-c', program], { ...inFolder, env }).trim()
  cpSync(anywidget, path.join(folder, 'anywidget'), { recursive: true })
  // The server serves the files of this folder.
  process.chdir(folder)
  const pages: Record<string, string> = {}
  const server = await servePages(pages)
  for (const theme of Object.keys(themes) as Theme[]) {
    pages[`/${theme}.html`] = editorPage(theme, server.url.replace('127.0.0.1', 'localhost'))
    pages[`/${theme}-webview.html`] = webviewPage(theme)
  }
  for (const theme of Object.keys(themes) as Theme[]) await check(browser, server.url, theme)
  server.close()
} finally {
  await browser.close()
  rmSync(folder, { recursive: true, force: true })
}
