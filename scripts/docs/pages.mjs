import { cpSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { root } from '../checks/command.mjs'
import { readAddresses } from './addresses.mjs'

/** The pages as VitePress reads them: those of docs/, and the API reference. */
export const stagedFolder = path.join(root, 'dist-docs')

/** The pages of docs/, without the extension, such as `guides/workers`. @returns {string[]} */
export function listPages() {
  return readdirSync(path.join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.md'))
    .map((file) => file.split(path.sep).join('/').slice(0, -'.md'.length))
    .sort()
}

/** The text of a page's heading. @param {string} page */
export function titleOf(page) {
  const text = readFileSync(path.join(root, 'docs', `${page}.md`), 'utf8')
  const title = /^# (.+)$/m.exec(text)?.[1]
  if (title === undefined) throw new Error(`docs/${page}.md: expected a heading '# …'.`)
  return title.replaceAll('`', '')
}

/** Copies the pages. Links to files outside docs/ lead to the repository. */
export function stagePages() {
  cpSync(path.join(root, 'docs'), stagedFolder, { recursive: true })
  const { repository } = readAddresses()
  for (const page of listPages()) {
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
}
