import { existsSync, readFileSync, readdirSync } from 'node:fs'
import type { Browser } from 'playwright'

/**
 * Returns the largest resident size of a page's process, with its workers and wasm memories, in
 * MiB. Null on systems other than Linux.
 */
export async function renderersPeakMiB(browser: Browser): Promise<number | null> {
  const session = await browser.newBrowserCDPSession()
  const { processInfo } = await session.send('SystemInfo.getProcessInfo')
  return largestPeakMiB(processInfo.filter(({ type }) => type === 'renderer').map(({ id }) => id))
}

/** The same for the processes of a browser that was started without a driver. */
export function childRenderersPeakMiB(browser: number): number | null {
  if (!existsSync('/proc')) return null
  const parents = new Map<number, number>()
  const renderers: number[] = []
  for (const name of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    const [id, parent] = [Number(name), fieldOf(Number(name), 'PPid')]
    if (parent === undefined) continue
    parents.set(id, parent)
    if (commandOf(id).includes('--type=renderer')) renderers.push(id)
  }
  const isOurs = (id: number | undefined): boolean =>
    id !== undefined && (id === browser || isOurs(parents.get(id)))
  return largestPeakMiB(renderers.filter(isOurs))
}

function largestPeakMiB(processes: readonly number[]): number | null {
  const peaks = processes.map((id) => fieldOf(id, 'VmHWM')).filter((peak) => peak !== undefined)
  return peaks.length === 0 ? null : Math.max(...peaks) / 1024
}

/**
 * Reads a number of a process's status, sizes in KiB. Undefined if the process or file doesn't
 * exist.
 */
function fieldOf(id: number, name: string): number | undefined {
  const value = new RegExp(`^${name}:\\s*(\\d+)`, 'm').exec(contentOf(`/proc/${id}/status`))
  return value === null ? undefined : Number(value[1])
}

const commandOf = (id: number): string => contentOf(`/proc/${id}/cmdline`)

/** A process may end at any time. */
function contentOf(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
