import { describe, expect, test } from 'vitest'
import type { Stroke } from '../../../demo/drawing/strokes.js'
import { strokesToDigit } from '../../../demo/drawing/strokes-to-digit.js'

const side = 28

/** A seven, drawn at the upper left of the pad. */
const seven: Stroke = [
  { x: 0.1, y: 0.1 },
  { x: 0.35, y: 0.1 },
  { x: 0.2, y: 0.5 },
]

const scaled = (stroke: Stroke, scale: number, shift: number): Stroke =>
  stroke.map(({ x, y }) => ({ x: x * scale + shift, y: y * scale + shift }))

interface Box {
  readonly width: number
  readonly height: number
}

function inkBox(pixels: Uint8Array): Box {
  const inked = [...pixels.keys()].filter((offset) => pixels[offset]! >= 128)
  const columns = inked.map((offset) => offset % side)
  const rows = inked.map((offset) => Math.floor(offset / side))
  return {
    width: Math.max(...columns) - Math.min(...columns) + 1,
    height: Math.max(...rows) - Math.min(...rows) + 1,
  }
}

function centerOfMass(pixels: Uint8Array): [x: number, y: number] {
  const mass = pixels.reduce((sum, value) => sum + value, 0)
  const x = pixels.reduce((sum, value, offset) => sum + value * ((offset % side) + 0.5), 0)
  const y = pixels.reduce(
    (sum, value, offset) => sum + value * (Math.floor(offset / side) + 0.5),
    0,
  )
  return [x / mass, y / mass]
}

describe('a drawing as an MNIST picture', () => {
  test('fills 20 of 28 pixels with its longer side', () => {
    const { width, height } = inkBox(strokesToDigit([seven]))
    expect(height).toBeGreaterThanOrEqual(19)
    expect(height).toBeLessThanOrEqual(21)
    expect(width).toBeLessThan(height)
  })

  test('has its centre of mass in the middle', () => {
    const [x, y] = centerOfMass(strokesToDigit([seven]))
    expect(x).toBeCloseTo(14, 0)
    expect(y).toBeCloseTo(14, 0)
  })

  test('is the same for any place and size of the drawing', () => {
    const large = strokesToDigit([scaled(seven, 2, 0)])
    const elsewhere = strokesToDigit([scaled(seven, 1.3, 0.2)])
    // Rounding of the coordinates may move a level of grey.
    for (const [offset, value] of large.entries()) {
      expect(Math.abs(value - elsewhere[offset]!)).toBeLessThanOrEqual(1)
    }
  })

  test('has soft edges and full ink', () => {
    const pixels = strokesToDigit([seven])
    expect(Math.max(...pixels)).toBe(255)
    expect(pixels.some((value) => value > 0 && value < 255)).toBe(true)
  })

  test('joins the points of a stroke, and not one stroke to the next', () => {
    const left: Stroke = [
      { x: 0.2, y: 0.1 },
      { x: 0.2, y: 0.9 },
    ]
    const right = left.map(({ y }) => ({ x: 0.8, y }))
    const middle = (pixels: Uint8Array): number => pixels[14 * side + 14]!
    expect(middle(strokesToDigit([left, right]))).toBe(0)
    expect(middle(strokesToDigit([left]))).toBe(255)
  })

  test('shows a single point as a dot, and nothing as nothing', () => {
    const dot = strokesToDigit([[{ x: 0.9, y: 0.1 }]])
    expect(inkBox(dot).width).toBeLessThanOrEqual(4)
    expect(centerOfMass(dot)[0]).toBeCloseTo(14, 0)
    expect(strokesToDigit([]).every((value) => value === 0)).toBe(true)
  })
})
