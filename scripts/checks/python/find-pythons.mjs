import { existsSync, readdirSync } from 'node:fs'
import { homedir } from 'node:os'
import path from 'node:path'
import process from 'node:process'
import { run } from '../command.mjs'

const oldest = 10
const newest = 13

export const oldestVersion = `3.${oldest}`

/**
 * Finds the Pythons of this machine from 3.10 on: those on PATH and those of pyenv, or the one in
 * the variable PYTHON.
 *
 * @returns {Promise<{ command: string, version: string }[]>} one of each version, in their order
 */
export async function findPythons() {
  const chosen = process.env['PYTHON']
  const range = Array.from({ length: newest - oldest + 1 }, (_, i) => `python3.${oldest + i}`)
  /** @type {Map<string, string>} */
  const found = new Map()
  for (const command of chosen ? [chosen] : [...range, ...listPyenv(), 'python3', 'python']) {
    const code = 'import sys; print("%d.%d" % sys.version_info[:2])'
    const { status, output } = await run([command, '-c', code])
    const version = output.trim()
    const minor = Number(/^3\.(\d+)$/.exec(version)?.[1] ?? 0)
    if (status === 0 && minor >= oldest && !found.has(version)) found.set(version, command)
  }
  return [...found]
    .map(([version, command]) => ({ version, command }))
    .sort((a, b) => Number(a.version.slice(2)) - Number(b.version.slice(2)))
}

/** The Pythons that pyenv has, which are not on PATH unless they are chosen. */
function listPyenv() {
  const versions = path.join(
    process.env['PYENV_ROOT'] ?? path.join(homedir(), '.pyenv'),
    'versions',
  )
  return existsSync(versions)
    ? readdirSync(versions).map((version) => path.join(versions, version, 'bin/python'))
    : []
}
