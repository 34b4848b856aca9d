import { copyFileSync, existsSync, mkdirSync } from 'node:fs'
import path from 'node:path'
import process from 'node:process'
import { findPythons } from './find-pythons.mjs'
import { root, run } from '../command.mjs'

const environments =
  process.env['GRADLENS_HOSTS'] ?? path.join(root, 'node_modules/.cache/gradlens-hosts')
const folder = path.join(root, 'tests/hosts/requirements')

/** What is installed into the environments after their requirements. */
const hosts = /** @type {const} */ ({
  apps: [],
  notebooks: [['--no-deps', 'alibi==0.9.4']],
})

/** The arguments of `pip install` for the Python packages of this repository. */
export const gradlens = [
  ...['--no-deps', '-e', path.join(root, 'python')],
  ...['-e', path.join(root, 'python/live')],
]

/**
 * Creates the Python environments in which the tests of hosts run: one for apps, one for notebooks,
 * because alibi needs an older numpy than the apps do.
 *
 * @param {readonly (keyof typeof hosts)[]} names
 * @returns {Promise<string | undefined>} why there are none
 */
export async function createHostEnvironments(names = ['apps', 'notebooks']) {
  for (const name of names) {
    const requirements = ['-r', path.join(folder, `${name}.txt`)]
    const fault = await createEnvironment(name, [requirements, ...hosts[name], gradlens])
    if (fault !== undefined) return fault
  }
  return undefined
}

/**
 * Creates a Python environment, or installs more into it.
 *
 * @param {string} name
 * @param {readonly (readonly string[])[]} installs the arguments of `pip install`, one list a call
 * @returns {Promise<string | undefined>} why there is none
 */
export async function createEnvironment(name, installs) {
  const base = (await findPythons()).find(({ version }) => ['3.11', '3.12'].includes(version))
  if (base === undefined) return 'The hosts need Python 3.11 or 3.12, and none was found.'
  const python = pythonOf(name)
  const steps = [
    ...(existsSync(python) ? [] : [[base.command, '-m', 'venv', path.join(environments, name)]]),
    ...installs.map((options) => pip(python, ...options)),
  ]
  for (const step of steps) {
    const { status, output } = await run(/** @type {[string, ...string[]]} */ (step), {
      timeoutMs: 1_800_000,
    })
    if (status !== 0) return `${step.join(' ')}\n${output}`
  }
  return undefined
}

/**
 * The Python of an environment.
 *
 * @param {string} name
 */
export function pythonOf(name) {
  const own = process.platform === 'win32' ? 'Scripts/python.exe' : 'bin/python'
  return path.join(environments, name, own)
}

/** @param {string} python @param {...string} options */
function pip(python, ...options) {
  const install = [python, '-m', 'pip', 'install', '--quiet', '--disable-pip-version-check']
  // Python compiles what a program imports. Of most packages here, that is a small part.
  return [...install, '--no-compile', ...options]
}

/** The Python packages take their JavaScript from the build. */
export function copyElements() {
  for (const [file, folder] of /** @type {const} */ ([
    ['elements.global.js', 'python/src/gradlens/static'],
    ['live.global.js', 'python/live/src/gradlens_live'],
  ])) {
    const target = path.join(root, folder)
    mkdirSync(target, { recursive: true })
    copyFileSync(path.join(root, 'dist', file), path.join(target, file))
  }
}
