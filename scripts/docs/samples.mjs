import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { root } from '../checks/command.mjs'

/**
 * A code sample of the documentation.
 *
 * @typedef {object} Sample
 * @property {string} file where it is, from the repository's root
 * @property {number} line its first line there
 * @property {string} language
 * @property {string} name the second word after the fence, or that of a comment above it, or ''
 * @property {string} code
 */

/** The files whose samples are tested. @returns {string[]} */
function listFiles() {
  const guides = readdirSync(path.join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.md'))
    .map((file) => `docs/${file.split(path.sep).join('/')}`)
    .sort()
  return ['README.md', 'python/README.md', 'CONTRIBUTING.md', ...guides]
}

/** All fenced blocks of the documentation. @returns {Sample[]} */
export function listSamples() {
  return listFiles().flatMap((file) => readSamples(file))
}

/** The fenced blocks of a page. @param {string} file @returns {Sample[]} */
export function readSamples(file) {
  const text = readFileSync(path.join(root, file), 'utf8')
  const fence = /(?:<!-- (\S+) -->\n+)?^( *)```(\w+)(?: +(\S+))?.*\n((?:.*\n)*?)\2```$/gm
  return [...text.matchAll(fence)].map((match) => {
    const [whole, above, indent = '', language = '', name = above ?? '', body = ''] = match
    const start = match.index + whole.indexOf(body, whole.indexOf('```'))
    const line = text.slice(0, start).split('\n').length
    const code = body.replaceAll(new RegExp(`^${indent}`, 'gm'), '')
    return { file, line, language, name, code }
  })
}

/** The examples in doc comments, one sample for each. @returns {Sample[]} */
export function listExamples() {
  const files = readdirSync(path.join(root, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((file) => /(?<!\.d)\.ts$/.test(file))
    .map((file) => `src/${file.split(path.sep).join('/')}`)
    .sort()
  return files.flatMap((file) => {
    const text = readFileSync(path.join(root, file), 'utf8')
    const example = /^ *\* @example\n((?: *\*(?! @|\/).*\n)+)/gm
    return [...text.matchAll(example)].map((match) => {
      const line = text.slice(0, match.index).split('\n').length + 1
      const code = (match[1] ?? '').replaceAll(/^ *\* ?/gm, '')
      return { file, line, language: 'ts', name: '', code }
    })
  })
}
