import { spawn, type ChildProcess } from 'node:child_process'
import { createServer, type AddressInfo } from 'node:net'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { readSample } from '../support/docs/read-sample.js'

const root = path.resolve(import.meta.dirname, '../..')

/** How long a server may take to start on a busy machine. */
const patienceMs = 180_000

/** A server of a host, running. */
export interface HostServer extends AsyncDisposable {
  readonly url: string
}

/** The environments that scripts/checks/python/host-environments.mjs creates. */
export type HostEnvironment = 'apps' | 'notebooks'

/** The path of a program in an environment. */
export function programOf(environment: HostEnvironment, program: string): string {
  const folder =
    process.env['GRADLENS_HOSTS'] ?? path.join(root, 'node_modules/.cache/gradlens-hosts')
  return path.join(folder, environment, 'bin', program)
}

/** The code of a host in docs/embedding/index.md, which the tests run as it is. */
export function readHostCode(host: string): string {
  return readSample('docs/embedding/index.md', host)
}

/**
 * Starts a server and waits until it answers.
 *
 * @param command returns the program and its arguments for a port
 * @param answers a path that answers once the server is ready
 */
export async function startServer(
  command: (port: number) => readonly string[],
  {
    folder,
    answers = '/',
    env = {},
  }: { folder: string; answers?: string; env?: Record<string, string> },
): Promise<HostServer> {
  const port = await findPort()
  const [program, ...options] = command(port)
  const server = spawn(program!, options, {
    cwd: folder,
    env: { ...process.env, PYTHONUNBUFFERED: '1', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })
  let output = ''
  for (const stream of [server.stdout, server.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (output += text))
  }
  const url = `http://127.0.0.1:${port}`
  const stop = async (): Promise<void> => {
    await stopServer(server)
  }
  const end = Date.now() + patienceMs
  while (Date.now() < end) {
    if (server.exitCode !== null) throw new Error(`${program} ended:\n${output}`)
    const answered = await fetch(url + answers).then(
      ({ ok }) => ok,
      () => false,
    )
    if (answered) return { url, [Symbol.asyncDispose]: stop }
    await wait(200)
  }
  await stop()
  throw new Error(`${program} did not answer within ${patienceMs / 1000} s:\n${output}`)
}

/** Stops a server and what it started. */
async function stopServer(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null) return
  const ended = new Promise((resolve) => server.once('exit', resolve))
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    try {
      process.kill(-server.pid!, signal)
    } catch {
      return
    }
    if ((await Promise.race([ended, wait(3_000, 'late')])) !== 'late') return
  }
}

async function findPort(): Promise<number> {
  const probe = createServer()
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve))
  const { port } = probe.address() as AddressInfo
  await new Promise((resolve) => probe.close(resolve))
  return port
}
