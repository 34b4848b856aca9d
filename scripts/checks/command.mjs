import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'

/** @typedef {readonly [file: string, ...options: string[]]} Command */

/**
 * @typedef {object} Outcome
 * @property {number} status 0 for success
 * @property {string} output its output, both streams
 */

export const root = fileURLToPath(new URL('../..', import.meta.url))

/** @type {Set<import('node:child_process').ChildProcess>} */
const running = new Set()

/**
 * Returns the command of an installed package, run by this Node. It works on every system and
 * without a shell.
 *
 * @param {string} name the package's
 * @param {...string} options
 * @returns {Command}
 */
export function tool(name, ...options) {
  const folder = path.join(root, 'node_modules', name)
  const { bin } = /** @type {{ bin: string | Record<string, string> }} */ (
    JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'))
  )
  const script = typeof bin === 'string' ? bin : (bin[name] ?? Object.values(bin)[0] ?? '')
  return [process.execPath, path.join(folder, script), ...options]
}

/**
 * Runs a command in the repository. It never rejects. A command that can't start or takes too long
 * has its own status and says so in its output.
 *
 * @param {Command} command
 * @param {{ show?: boolean, timeoutMs?: number, env?: Record<string, string>, cwd?: string }} options
 *   `show` passes its output on
 * @returns {Promise<Outcome>}
 */
export function run(
  [file, ...options],
  { show = false, timeoutMs = 600_000, env = {}, cwd = root } = {},
) {
  return new Promise((resolve) => {
    const child = spawn(file, options, {
      cwd,
      env: { ...process.env, ...env },
      stdio: show ? 'inherit' : ['ignore', 'pipe', 'pipe'],
    })
    running.add(child)
    let output = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (/** @type {string} */ text) => (output += text))
    }
    const timer = setTimeout(() => {
      output += `\nStopped after ${timeoutMs / 1000} s.`
      child.kill()
      // For processes that ignore the request.
      setTimeout(() => child.kill('SIGKILL'), 5_000).unref()
    }, timeoutMs)
    /** @param {number} status */
    const end = (status) => {
      clearTimeout(timer)
      running.delete(child)
      resolve({ status, output })
    }
    child.on('error', ({ message }) => {
      output += message
      end(127)
    })
    child.on('close', (code) => {
      end(code ?? 1)
    })
  })
}

/**
 * Ends running commands when this process is told to end, then calls `then`.
 *
 * @param {() => never} then
 */
export function whenStopped(then) {
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM'])) {
    process.once(signal, () => {
      for (const child of running) child.kill(signal)
      then()
    })
  }
}
