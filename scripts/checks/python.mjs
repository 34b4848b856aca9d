import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import path from 'node:path'
import process from 'node:process'
import { root, run, whenStopped } from './command.mjs'
import { findPythons, oldestVersion } from './find-pythons.mjs'
import { copyElements } from './host-environments.mjs'

// Checks the Python package: style, types, its tests on the oldest and the newest Python of this
// machine, and its wheel in an environment that has nothing but numpy. Needs the build.

const folder = path.join(root, 'python')
const environments = path.join(root, 'node_modules', '.cache', 'gradlens-python')
const wheelLimit = 110_000

whenStopped(() => process.exit(1))
mkdirSync(environments, { recursive: true })
checkVersions()
if (!existsSync(path.join(root, 'dist/elements.global.js'))) fail('Run npm run build first.')
copyElements()

const found = await findPythons()
const pythons = [...new Set([found[0], found.at(-1)])].filter((each) => each !== undefined)
const [first] = pythons
if (first === undefined) {
  fail(
    `No Python from ${oldestVersion} on was found. Install one, or name it in the variable PYTHON.`,
  )
}
for (const { command, version } of pythons) {
  const python = await environment(`tests-${version}`, command, ['pytest', 'safetensors', 'numpy'])
  await inFolder(python, ['-m', 'pytest', '-q', '-p', 'no:cacheprovider'], { PYTHONPATH: 'src' })
  console.log(`tests on Python ${version}`)
}
const tools = await environment('tools', first.command, [
  'ruff',
  'mypy',
  'numpy',
  'hatchling',
  'build',
])
await inFolder(tools, ['-m', 'ruff', 'format', '--check', 'src', 'tests'])
await inFolder(tools, ['-m', 'ruff', 'check', '.'])
await inFolder(tools, ['-m', 'mypy'])
await checkWheel(tools, first)

/** The wheel: small, and usable where only numpy and no Node is. */
/** @param {string} python @param {{ command: string }} base */
async function checkWheel(python, base) {
  const wheels = path.join(environments, 'wheels')
  rmSync(wheels, { recursive: true, force: true })
  await inFolder(python, ['-m', 'build', '--no-isolation', '--outdir', wheels])
  const [wheel] = readdirSync(wheels).filter((name) => name.endsWith('.whl'))
  if (wheel === undefined) fail('The build wrote no wheel.')
  const size = statSync(path.join(wheels, wheel)).size
  if (size > wheelLimit) fail(`${wheel} has ${size} bytes, more than ${wheelLimit}.`)
  const empty = path.join(environments, 'empty')
  rmSync(empty, { recursive: true, force: true })
  const own = await environment('empty', base.command, [path.join(wheels, wheel)])
  const code =
    'import gradlens as gl, numpy; page = gl.html(gl.attribution(numpy.ones((1, 3)))); ' +
    "assert page.count('<script') == 2 and len(page) > 50000, len(page)"
  await inFolder(own, ['-c', code], { PATH: '' })
  console.log(`${wheel}: ${size} bytes`)
}

function checkVersions() {
  const own = /version = "(.*)"/.exec(
    readFileSync(path.join(folder, 'pyproject.toml'), 'utf8'),
  )?.[1]
  const stated = /__version__ = "(.*)"/.exec(
    readFileSync(path.join(folder, 'src/gradlens/version.py'), 'utf8'),
  )?.[1]
  /** @type {{ version: string }} */
  const { version } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'))
  if (own !== version || stated !== version) {
    fail(`package.json has version ${version}, pyproject.toml ${own}, version.py ${stated}.`)
  }
}

/** @param {string} name @param {string} base @param {string[]} packages @returns {Promise<string>} */
async function environment(name, base, packages) {
  const place = path.join(environments, name)
  const python = path.join(
    place,
    process.platform === 'win32' ? 'Scripts/python.exe' : 'bin/python',
  )
  if (!existsSync(python)) await inFolder(base, ['-m', 'venv', place])
  await inFolder(python, [
    '-m',
    'pip',
    'install',
    '--quiet',
    '--disable-pip-version-check',
    ...packages,
  ])
  return python
}

/** @param {string} file @param {string[]} options @param {Record<string, string>} [env] */
async function inFolder(file, options, env = {}) {
  const { status, output } = await run([file, ...options], { env, cwd: folder })
  if (status !== 0) fail(`${[file, ...options].join(' ')}\n${output}`)
}

/** @param {string} reason @returns {never} */
function fail(reason) {
  console.error(reason)
  process.exit(1)
}
