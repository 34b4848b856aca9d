import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import path from 'node:path'
import process from 'node:process'
import { root, run, whenStopped } from '../command.mjs'
import { findPythons, oldestVersion } from './find-pythons.mjs'
import { copyElements } from './host-environments.mjs'
import { writeReports } from './report.mjs'

// Checks the Python package: style, types, its tests on the oldest and the newest Python of this
// machine, and its wheel in an environment that has nothing but numpy. Needs the build.

const folder = path.join(root, 'python')
const environments = path.join(root, 'node_modules', '.cache', 'gradlens-python')
/** The most bytes of the wheel, and of both wheels together. */
const [wheelLimit, liveLimit] = [140_000, 800_000]

whenStopped(() => process.exit(1))
mkdirSync(environments, { recursive: true })
checkVersions()
if (!existsSync(path.join(root, 'dist/elements.global.js'))) fail('Run npm run build first.')
copyElements()
const reports = path.join(environments, 'reports')
await writeReports(reports)

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
  await inFolder(python, ['-m', 'pytest', '-q', '-p', 'no:cacheprovider'], {
    PYTHONPATH: 'src',
    GRADLENS_JAVASCRIPT: reports,
  })
  console.log(`tests on Python ${version}`)
}
const tools = await environment('tools', first.command, [
  'ruff',
  'mypy',
  'numpy',
  'hatchling',
  'build',
])
await inFolder(tools, ['-m', 'ruff', 'format', '--check', 'src', 'tests', 'live'])
await inFolder(tools, ['-m', 'ruff', 'check', '.'])
await inFolder(tools, ['-m', 'mypy'])
await checkWheels(tools, first)

/** The wheels: small, and usable where only numpy and no Node is. */
/** @param {string} python @param {{ command: string }} base */
async function checkWheels(python, base) {
  const wheels = path.join(environments, 'wheels')
  rmSync(wheels, { recursive: true, force: true })
  for (const place of ['.', 'live']) {
    await inFolder(python, ['-m', 'build', '--no-isolation', '--outdir', wheels, place])
  }
  const size = sizeOfWheel(wheels, 'gradlens-', wheelLimit)
  sizeOfWheel(wheels, 'gradlens_live-', liveLimit - size)
  const empty = path.join(environments, 'empty')
  rmSync(empty, { recursive: true, force: true })
  const install = ['--no-index', '--find-links', wheels]
  await environment('empty', base.command, ['numpy'])
  const plain = await environment('empty', base.command, [...install, 'gradlens'])
  const page = 'import gradlens as gl, numpy; page = gl.html(gl.attribution(numpy.ones((1, 3)))); '
  await inFolder(plain, ['-c', `${page}assert page.count('<script') == 2, len(page)`], { PATH: '' })
  const own = await environment('empty', base.command, [...install, 'gradlens[live]'])
  const kit = `from gradlens.live_report.live_kit import read_live_script as read; `
  await inFolder(own, ['-c', `${kit}assert len(read()[0]) > 500_000`], { PATH: '' })
}

/** @param {string} folder @param {string} prefix @param {number} limit */
function sizeOfWheel(folder, prefix, limit) {
  const isWheel = (/** @type {string} */ name) => name.startsWith(prefix) && name.endsWith('.whl')
  const wheel = readdirSync(folder).find(isWheel)
  if (wheel === undefined) fail(`The build wrote no wheel ${prefix}.`)
  const { size } = statSync(path.join(folder, wheel))
  console.log(`${wheel}: ${size} bytes`)
  if (size > limit) fail(`${wheel} has ${size} bytes, more than ${limit}.`)
  return size
}

function checkVersions() {
  /** @param {string} file @param {RegExp} pattern */
  const find = (file, pattern) => pattern.exec(readFileSync(path.join(folder, file), 'utf8'))?.[1]
  /** @type {{ version: string }} */
  const { version } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'))
  const stated = {
    'pyproject.toml': find('pyproject.toml', /^version = "(.*)"/m),
    'pyproject.toml, live': find('pyproject.toml', /gradlens-live==(.*)"/),
    'live/pyproject.toml': find('live/pyproject.toml', /^version = "(.*)"/m),
    'version.py': find('src/gradlens/version.py', /__version__ = "(.*)"/),
  }
  for (const [file, own] of Object.entries(stated)) {
    if (own !== version) fail(`package.json has version ${version}, ${file} has ${own}.`)
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
