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

/**
 * One notation for numbers that stand side by side: the same decimals, and the same power of ten where
 * plain decimals would be too long or too small. The greatest has three significant digits.
 */
export function sharedNotation(values: Iterable<number>): (value: number) => string {
  let greatest = 0
  for (const value of values) {
    if (Number.isFinite(value)) greatest = Math.max(greatest, Math.abs(value))
  }
  if (greatest === 0) return (value) => formatFixed(value, 2)
  const magnitude = Math.floor(Math.log10(greatest))
  const exponent = magnitude < -2 || magnitude > 3 ? magnitude : 0
  const decimals = Math.max(0, 2 - (magnitude - exponent))
  const suffix = exponent === 0 ? '' : `\u00d710${superscript(exponent)}`
  return (value) => formatFixed(value / 10 ** exponent, decimals) + suffix
}

/** The same with a plus before what is above zero. */
export function signedNotation(values: Iterable<number>): (value: number) => string {
  const format = sharedNotation(values)
  return (value) => (value > 0 ? `+${format(value)}` : format(value))
}

function superscript(exponent: number): string {
  const digits = '⁰¹²³⁴⁵⁶⁷⁸⁹'
  const text = Array.from(String(Math.abs(exponent)), (digit) => digits.charAt(Number(digit)))
  return (exponent < 0 ? '⁻' : '') + text.join('')
}

/** A value of the data as one reads it: up to four significant digits, whole numbers in full; text as it is. */
export function formatValue(value: number | string): string {
  if (typeof value === 'string') return value
  if (!Number.isFinite(value)) return String(value)
  const short = Number.isInteger(value) ? value : Number(value.toPrecision(4))
  return String(short).replace('-', minus)
}
