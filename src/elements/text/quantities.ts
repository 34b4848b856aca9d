import { formatFixed } from './format.js'

const thinSpace = '\u202f'

/** Formats an integer in groups of three digits, such as '1,000'. */
export function formatCount(count: number): string {
  // Progress calls it often, and the first use of the browser's own formats takes a phone 40 ms.
  return `${count}`.replaceAll(/\B(?=(?:\d{3})+$)/g, ',')
}

/** Formats a number of bytes in decimal units, such as '999 B', '436 kB' or '4.4 MB'. */
export function formatBytes(byteLength: number): string {
  if (byteLength < 1e3) return `${byteLength}${thinSpace}B`
  if (byteLength < 1e6) return `${formatFixed(byteLength / 1e3, 0)}${thinSpace}kB`
  if (byteLength < 1e9)
    return `${formatFixed(byteLength / 1e6, byteLength < 1e7 ? 1 : 0)}${thinSpace}MB`
  return `${formatFixed(byteLength / 1e9, 1)}${thinSpace}GB`
}

/** Formats a duration in milliseconds, such as '85 ms', '1.2 s' or '1 min 7 s'. */
export function formatDuration(milliseconds: number): string {
  if (milliseconds < 1) return `<${thinSpace}1${thinSpace}ms`
  if (milliseconds < 999.5) return `${formatFixed(milliseconds, 0)}${thinSpace}ms`
  const seconds = Math.round(milliseconds / 1000)
  if (milliseconds < 9950) return `${formatFixed(milliseconds / 1000, 1)}${thinSpace}s`
  if (seconds < 60) return `${seconds}${thinSpace}s`
  return `${Math.floor(seconds / 60)}${thinSpace}min ${seconds % 60}${thinSpace}s`
}

/** An estimated duration: whole seconds, at least one. */
export function formatSeconds(milliseconds: number): string {
  const seconds = Math.max(1, Math.round(milliseconds / 1000))
  return seconds < 60 ? `${seconds}${thinSpace}s` : formatDuration(seconds * 1000)
}
