import { fromFloat16Bits, toFloat16Bits } from '../float16.js'

/** The float32 of each float16, by its bits. */
let values: Float32Array | undefined

/** The numbers of float16 elements. */
export function readFloat16(bits: Uint16Array): Float32Array {
  values ??= Float32Array.from({ length: 65536 }, (_, each) => fromFloat16Bits(each))
  const table = values
  const numbers = new Float32Array(bits.length)
  for (let i = 0; i < bits.length; i++) numbers[i] = table[bits[i]!]!
  return numbers
}

/** Multiplies by 2^exponent in float32. */
export function scaleBy(data: Float32Array, exponent: number): void {
  const factor = 2 ** exponent
  for (let i = 0; i < data.length; i++) data[i]! *= factor
}

/** The float16 nearest to each number times 2^−exponent, which is first rounded to float32. */
export function writeFloat16(
  data: ArrayLike<number>,
  exponent: number,
  written: Uint16Array,
): void {
  const factor = 2 ** -exponent
  for (let i = 0; i < data.length; i++) {
    const value = data[i]!
    written[i] = Number.isNaN(value) ? nanBits : toFloat16Bits(Math.fround(value) * factor)
  }
}

const nanBits = 0x7e00
/**
 * The least magnitude that is written without a scale: 2⁻²⁰ of it is a float16 of full precision.
 */
const leastUnscaled = 2 ** -4
const greatestFloat16 = 65504
/** The scales with which float32 has all numbers that are read. */
const leastExponent = -125
export const greatestExponent = 113

/**
 * The exponent with which the greatest magnitude of an array is 2¹⁴ … 2¹⁵; 0 if float16 has a fine
 * enough step without. It depends on the rounded magnitude alone, so an array that was read gets
 * the same one.
 */
export function findExponent(data: Iterable<number>): number {
  let greatest = 0
  for (const value of data) {
    const magnitude = Math.abs(value)
    if (magnitude > greatest && magnitude < Infinity) greatest = magnitude
  }
  const rounded = roundTo11Bits(Math.fround(greatest))
  if (rounded === 0 || (rounded >= leastUnscaled && rounded <= greatestFloat16)) return 0
  return Math.max(floorLog2(rounded) - 14, leastExponent)
}

/** The number with 11 significant bits that is nearest to a float32; ties to even. */
function roundTo11Bits(value: number): number {
  if (value === 0) return 0
  const step = 2 ** (floorLog2(value) - 10)
  const steps = value / step
  const below = Math.floor(steps)
  const rest = steps - below
  return (rest > 0.5 || (rest === 0.5 && below % 2 === 1) ? below + 1 : below) * step
}

/** The exponent of the greatest power of two that is not above a positive float32. */
function floorLog2(value: number): number {
  const exponent = Math.floor(Math.log2(value))
  if (2 ** exponent > value) return exponent - 1
  return 2 ** (exponent + 1) <= value ? exponent + 1 : exponent
}
