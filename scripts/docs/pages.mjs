import { cpSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { root } from '../checks/command.mjs'
import { readAddresses } from './addresses.mjs'
import { createErrorPage } from './error-page.mjs'

/** The pages as VitePress reads them: those of docs/, and the API reference. */
export const stagedFolder = path.join(root, 'dist-docs')

/** The page of all error messages, which is written from the sources. */
const errorPage = 'reference/errors'

/** The pages of docs/, without the extension, such as `guides/workers`. @returns {string[]} */
function listGuides() {
  return readdirSync(path.join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.md'))
    .map((file) => file.split(path.sep).join('/').slice(0, -'.md'.length))
    .sort()
}

/** The pages that the sidebar of the guides lists. @returns {string[]} */
export function listPages() {
  return [...listGuides().filter((page) => page !== 'index'), errorPage]
}

/** The text of a staged page's heading. @param {string} page */
export function titleOf(page) {
  const text = readFileSync(path.join(stagedFolder, `${page}.md`), 'utf8')
  const title = /^# (.+)$/m.exec(text)?.[1]
  if (title === undefined) throw new Error(`docs/${page}.md: expected a heading '# …'.`)
  return title.replaceAll('`', '')
}

/** Copies the pages of docs/, and writes that of the errors. Links out of docs/ lead to the repository. */
export function stagePages() {
  cpSync(path.join(root, 'docs'), stagedFolder, { recursive: true })
  const { repository } = readAddresses()
  for (const page of listGuides()) {
    const file = path.join(stagedFolder, `${page}.md`)
    const folder = path.dirname(path.join(root, 'docs', page))
    const text = readFileSync(file, 'utf8').replaceAll(
      /\]\((\.\.\/[^)#\s]+)(#[^)\s]*)?\)/g,
      (link, /** @type {string} */ target, fragment = '') => {
        const absolute = path.resolve(folder, target)
        const relative = path.relative(root, absolute).split(path.sep).join('/')
        if (relative.startsWith('docs/')) return link
        if (!existsSync(absolute)) throw new Error(`docs/${page}.md: there is no file ${target}.`)
        const kind = statSync(absolute).isDirectory() ? 'tree' : 'blob'
        return `](${repository}/${kind}/main/${relative}${fragment})`
      },
    )
    writeFileSync(file, text)
  }
  writeFileSync(path.join(stagedFolder, `${errorPage}.md`), createErrorPage())
}
