/** U+2212 has the width of a plus sign; the hyphen does not. */
const minus = '\u2212'
const thinSpace = '\u202f'

/** Formats a number with `decimals` decimals and a true minus sign. */
export function formatFixed(value: number, decimals: number): string {
  const text = Math.abs(value).toFixed(decimals)
  return value < 0 && Number(text) !== 0 ? minus + text : text
}

/** A probability in a sentence: whole percent from 10 % on, one decimal below. */
export function formatPercent(probability: number): string {
  const percent = probability * 100
  if (percent > 99.9 && percent < 100) return `>${thinSpace}99.9${thinSpace}%`
  return percent >= 10 ? `${formatFixed(percent, 0)}${thinSpace}%` : formatTablePercent(probability)
}

/** Formats a probability for a column of a table, as a percentage with one decimal. */
export function formatTablePercent(probability: number): string {
  const percent = probability * 100
  if (percent > 0 && percent < 0.1) return `<${thinSpace}0.1${thinSpace}%`
  return `${formatFixed(percent, 1)}${thinSpace}%`
}

/** Formats one of several related numbers. */
export type NumberFormat = (value: number) => string

/**
 * Returns a format for numbers that are compared. All get the same number of decimals, and the same
 * power of ten if plain decimals would be too long. The largest number has three significant digits.
 */
export function createNumberFormat(values: Iterable<number>): NumberFormat {
  return createFormat(values, 3)
}

/** The same format, with a plus sign before positive numbers. */
export function createSignedFormat(values: Iterable<number>): NumberFormat {
  const format = createNumberFormat(values)
  return (value) => (value > 0 ? `+${format(value)}` : format(value))
}

/** A float32 has about seven significant digits, the last of which is rounding. */
const mostDigits = 6
/**
 * Below this share of the greatest magnitude, numbers may look equal: they are all close to zero.
 */
const smallShare = 0.1

/**
 * One format for ranked numbers: like `createNumberFormat`, but with up to six significant digits
 * where three would make different numbers of a list look equal.
 */
export function createRankingFormat(lists: readonly (readonly number[])[]): NumberFormat {
  const values = lists.flat().filter(Number.isFinite)
  const greatest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
  const large = lists.map((list) => list.filter((value) => Math.abs(value) > smallShare * greatest))
  const countDistinct = (format: NumberFormat): number =>
    large.reduce((total, list) => total + new Set(list.map(format)).size, 0)
  const finest = createFormat(values, mostDigits)
  const goal = countDistinct(finest)
  for (let digits = 3; digits < mostDigits; digits++) {
    const format = createFormat(values, digits)
    if (countDistinct(format) === goal) return format
  }
  return finest
}

function createFormat(values: Iterable<number>, digits: number): NumberFormat {
  let greatest = 0
  for (const value of values) {
    if (Number.isFinite(value)) greatest = Math.max(greatest, Math.abs(value))
  }
  if (greatest === 0) return (value) => formatFixed(value, 2)
  const magnitude = Math.floor(Math.log10(greatest))
  const exponent = magnitude < -2 || magnitude > 3 ? magnitude : 0
  const decimals = Math.max(0, digits - 1 - (magnitude - exponent))
  const suffix = exponent === 0 ? '' : `\u00d710${formatSuperscript(exponent)}`
  return (value) => formatFixed(value / 10 ** exponent, decimals) + suffix
}

function formatSuperscript(exponent: number): string {
  const digits = '⁰¹²³⁴⁵⁶⁷⁸⁹'
  const text = Array.from(`${Math.abs(exponent)}`, (digit) => digits.charAt(Number(digit)))
  return (exponent < 0 ? '⁻' : '') + text.join('')
}

/** A value of the data: up to four significant digits, whole numbers in full, text unchanged. */
export function formatValue(value: number | string): string {
  if (typeof value === 'string') return value
  if (!Number.isFinite(value)) return `${value}`
  const short = Number.isInteger(value) ? value : Number(value.toPrecision(4))
  return `${short}`.replace('-', minus)
}
