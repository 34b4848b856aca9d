import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { Plugin } from 'vite'
import { readAddresses } from '../docs/addresses.mjs'

/** The demo's pages, in the order of its navigation. */
export const pageNames: readonly string[] = [
  'index',
  'garments',
  'reviews',
  'cars',
  'photos',
  'yours',
]

const workerName = 'service-worker.js'
/** The placeholder for the list of cached files in the built service worker. */
const filesMark = '__SITE_FILES__'
/** Larger files are cached on their first request. */
const maximumKeptBytes = 4_000_000
/** The code of the workers of one page: it is cached on its first request, too. */
const isOfOnePage = (file: string): boolean =>
  file.startsWith('source/') ||
  file === 'elements.global.js' ||
  /^assets\/(?:photos-server|wasm-runtime|webgpu-runtime|ort|open-onnx|open-keras|read-csv|start-tensorflow)-/.test(
    file,
  )

/**
 * Replaces `<!-- partial NAME -->` by `demo/partials/NAME.html`, and marks the page in the
 * navigation. Built pages include their own source as text.
 */
export function sharedParts(root: string): Plugin {
  const { repository } = readAddresses()
  const partial = (name: string): string =>
    readFileSync(path.join(root, 'partials', `${name}.html`), 'utf8').trimEnd()
  return {
    name: 'demo-shared-parts',
    transformIndexHtml: {
      order: 'pre',
      handler: (html, { filename }) => {
        const page = path.basename(filename, '.html')
        return html
          .replaceAll(/<!-- partial ([a-z-]+) -->/g, (_, name: string) => partial(name))
          .replaceAll('%PAGE%', page)
          .replaceAll('%REPOSITORY%', repository)
          .replace(
            `<li><a href="./${page}.html"`,
            `<li><a href="./${page}.html" aria-current="page"`,
          )
      },
    },
    generateBundle() {
      for (const page of pageNames) {
        this.emitFile({
          type: 'asset',
          fileName: `source/${page}.txt`,
          source: readFileSync(path.join(root, 'pages', `${page}.ts`)),
        })
      }
    },
  }
}

/**
 * Puts the stylesheet before the scripts. Without it nothing is painted, and browsers load six files at a time
 * over HTTP/1.1.
 */
export function stylesFirst(): Plugin {
  return {
    name: 'demo-styles-first',
    apply: 'build',
    transformIndexHtml: {
      order: 'post',
      handler: (html) => {
        const styles = html.match(/^ *<link rel="stylesheet"[^>]*>\n/gm) ?? []
        const rest = styles.reduce((text, style) => text.replace(style, ''), html)
        return rest.replace(/^ *<script type="module"/m, (script) => styles.join('') + script)
      },
    },
  }
}

/** Writes the files, and a version that changes with any of them, to the built service worker. */
export function offlineFiles(): Plugin {
  return {
    name: 'demo-offline-files',
    apply: 'build',
    writeBundle({ dir }) {
      if (dir === undefined) return
      const files = readdirSync(dir, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map(({ parentPath, name }) => path.relative(dir, path.join(parentPath, name)))
        .filter((file) => file !== workerName)
        .map((file) => file.split(path.sep).join('/'))
        .sort()
      const hash = createHash('sha256')
      const code: string[] = []
      const data: string[] = []
      const isData = (file: string): boolean => {
        const [folder = '', ...rest] = file.split('/')
        return rest.length > 0 && !['assets', 'source'].includes(folder)
      }
      for (const file of files) {
        const bytes = readFileSync(path.join(dir, file))
        hash.update(file).update(bytes)
        if (bytes.length > maximumKeptBytes || isOfOnePage(file)) continue
        ;(isData(file) ? data : code).push(file)
      }
      const list = JSON.stringify({ version: hash.digest('hex').slice(0, 16), code, data })
      const worker = path.join(dir, workerName)
      const source = readFileSync(worker, 'utf8')
      if (!source.includes(filesMark)) throw new Error(`${workerName} has no place for its files.`)
      writeFileSync(worker, source.replace(filesMark, JSON.stringify(list).slice(1, -1)))
    },
  }
}
