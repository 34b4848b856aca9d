import { copyFileSync, existsSync, mkdirSync } from 'node:fs'
import path from 'node:path'
import process from 'node:process'
import { findPythons } from './find-pythons.mjs'
import { root, run } from './command.mjs'

const folder = path.join(root, 'node_modules/.cache/gradlens-hosts')
const requirements = path.join(root, 'tests/hosts/requirements')

/**
 * Creates the Python environments in which the tests of hosts run: one for apps, one for notebooks,
 * because alibi needs an older numpy than the apps do.
 *
 * @returns {Promise<string | undefined>} why there are none
 */
export async function createHostEnvironments() {
  const python = (await findPythons()).find(
    ({ version }) => version === '3.11' || version === '3.12',
  )
  if (python === undefined) return 'The hosts need Python 3.11 or 3.12, and none was found.'
  for (const name of ['apps', 'notebooks']) {
    const fault = await createEnvironment(name, python.command)
    if (fault !== undefined) return fault
  }
  return undefined
}

/** @param {string} name @param {string} command @returns {Promise<string | undefined>} */
async function createEnvironment(name, command) {
  const place = path.join(folder, name)
  const python = path.join(
    place,
    process.platform === 'win32' ? 'Scripts/python.exe' : 'bin/python',
  )
  const steps = [
    ...(existsSync(python) ? [] : [[command, '-m', 'venv', place]]),
    pip(python, '-r', path.join(requirements, `${name}.txt`)),
    ...(name === 'notebooks' ? [pip(python, '--no-deps', 'alibi==0.9.4')] : []),
    pip(python, '--no-deps', '-e', path.join(root, 'python')),
  ]
  for (const step of steps) {
    const { status, output } = await run(/** @type {[string, ...string[]]} */ (step))
    if (status !== 0) return `${step.join(' ')}\n${output}`
  }
  return undefined
}

/** @param {string} python @param {...string} options */
function pip(python, ...options) {
  return [python, '-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...options]
}

/** The Python package takes the elements from the build. */
export function copyElements() {
  const target = path.join(root, 'python/src/gradlens/static')
  mkdirSync(target, { recursive: true })
  copyFileSync(path.join(root, 'dist/elements.global.js'), path.join(target, 'elements.global.js'))
}
