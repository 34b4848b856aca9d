/** U+2212, as wide as a plus; the hyphen is not. */
const minus = '\u2212'
const thinSpace = '\u202f'

/** A number with that many decimals and a true minus sign. */
export function formatFixed(value: number, decimals: number): string {
  const text = Math.abs(value).toFixed(decimals)
  return value < 0 && Number(text) !== 0 ? minus + text : text
}

/** For a sentence: as exact as one reads it. */
export function formatPercent(probability: number): string {
  const percent = probability * 100
  if (percent > 99.9 && percent < 100) return `>${thinSpace}99.9${thinSpace}%`
  return percent >= 10 ? `${formatFixed(percent, 0)}${thinSpace}%` : formatTablePercent(probability)
}

/** For a column of percentages: one decimal each. */
export function formatTablePercent(probability: number): string {
  const percent = probability * 100
  if (percent > 0 && percent < 0.1) return `<${thinSpace}0.1${thinSpace}%`
  return `${formatFixed(percent, 1)}${thinSpace}%`
}

export function formatCount(count: number): string {
  return count.toLocaleString('en')
}

export function formatBytes(byteLength: number): string {
  if (byteLength < 1e3) return `${byteLength}${thinSpace}B`
  if (byteLength < 1e6) return `${formatFixed(byteLength / 1e3, 0)}${thinSpace}kB`
  return `${formatFixed(byteLength / 1e6, byteLength < 1e7 ? 1 : 0)}${thinSpace}MB`
}

export function formatDuration(milliseconds: number): string {
  if (milliseconds < 1) return `<${thinSpace}1${thinSpace}ms`
  if (milliseconds < 999.5) return `${formatFixed(milliseconds, 0)}${thinSpace}ms`
  const seconds = Math.round(milliseconds / 1000)
  if (milliseconds < 9950) return `${formatFixed(milliseconds / 1000, 1)}${thinSpace}s`
  if (seconds < 60) return `${seconds}${thinSpace}s`
  return `${Math.floor(seconds / 60)}${thinSpace}min ${seconds % 60}${thinSpace}s`
}

/** For a guess: whole seconds, at least one. */
export function formatSeconds(milliseconds: number): string {
  const seconds = Math.max(1, Math.round(milliseconds / 1000))
  return seconds < 60 ? `${seconds}${thinSpace}s` : formatDuration(seconds * 1000)
}

/**
 * One notation for numbers that stand side by side: the same decimals, and the same power of ten where
 * plain decimals would be too long or too small. The greatest has three significant digits.
 */
export function sharedNotation(values: readonly number[]): (value: number) => string {
  const greatest = Math.max(...values.map(Math.abs))
  if (!Number.isFinite(greatest) || greatest === 0) return (value) => formatFixed(value, 2)
  const magnitude = Math.floor(Math.log10(greatest))
  const exponent = magnitude < -2 || magnitude > 3 ? magnitude : 0
  const decimals = Math.max(0, 2 - (magnitude - exponent))
  const suffix = exponent === 0 ? '' : `\u00d710${superscript(exponent)}`
  return (value) => formatFixed(value / 10 ** exponent, decimals) + suffix
}

function superscript(exponent: number): string {
  const digits = '⁰¹²³⁴⁵⁶⁷⁸⁹'
  const text = Array.from(String(Math.abs(exponent)), (digit) => digits.charAt(Number(digit)))
  return (exponent < 0 ? '⁻' : '') + text.join('')
}
