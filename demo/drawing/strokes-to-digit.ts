import type { Point, Stroke } from './strokes.js'

/** MNIST images are 28 × 28 pixels, with the digit scaled into a box of 20 × 20. */
const side = 28
const boxSide = 20

/** The pen width in pixels of the result. Most strokes in MNIST are 2 to 3 pixels wide. */
const penWidth = 2.4

/** The width of a stroke's soft edge in pixels, like the scanner's blur in MNIST. */
const softEdge = 1

/**
 * Converts strokes to an MNIST image, 0 (no ink) … 255. The longer side of the digit is 20 pixels,
 * its centre of mass is in the middle, and edges are antialiased. The pen width is independent of
 * the drawing's size.
 */
export function strokesToDigit(strokes: readonly Stroke[]): Uint8Array {
  const points = strokes.flat()
  if (points.length === 0) return new Uint8Array(side * side)
  const fitted = fitIntoBox(strokes, points)
  const center = findCenterOfMass(render(fitted))
  return render(move(fitted, { x: side / 2 - center.x, y: side / 2 - center.y }))
}

function fitIntoBox(strokes: readonly Stroke[], points: readonly Point[]): Stroke[] {
  const left = Math.min(...points.map(({ x }) => x))
  const right = Math.max(...points.map(({ x }) => x))
  const top = Math.min(...points.map(({ y }) => y))
  const bottom = Math.max(...points.map(({ y }) => y))
  const extent = Math.max(right - left, bottom - top)
  const scale = extent > 0 ? (boxSide - penWidth) / extent : 0
  return strokes.map((stroke) =>
    stroke.map(({ x, y }) => ({
      x: side / 2 + (x - (left + right) / 2) * scale,
      y: side / 2 + (y - (top + bottom) / 2) * scale,
    })),
  )
}

function move(strokes: readonly Stroke[], by: Point): Stroke[] {
  return strokes.map((stroke) => stroke.map(({ x, y }) => ({ x: x + by.x, y: y + by.y })))
}

function render(strokes: readonly Stroke[]): Uint8Array {
  const nearest = new Float64Array(side * side).fill(Infinity)
  for (const stroke of strokes) {
    stroke.forEach((point, i) => {
      lowerDistances(nearest, stroke[i - 1] ?? point, point)
    })
  }
  return Uint8Array.from(nearest, (distance) => {
    const coverage = (penWidth / 2 + softEdge / 2 - distance) / softEdge
    return Math.round(255 * Math.max(0, Math.min(1, coverage)))
  })
}

/**
 * Updates each pixel's distance to the nearest ink with the segment a–b. Pixels out of reach are
 * skipped.
 */
function lowerDistances(nearest: Float64Array, a: Point, b: Point): void {
  const reach = penWidth / 2 + softEdge
  const first = (value: number): number => Math.max(0, Math.floor(value - reach))
  const last = (value: number): number => Math.min(side - 1, Math.ceil(value + reach))
  for (let row = first(Math.min(a.y, b.y)); row <= last(Math.max(a.y, b.y)); row++) {
    for (let column = first(Math.min(a.x, b.x)); column <= last(Math.max(a.x, b.x)); column++) {
      const distance = measureDistance({ x: column + 0.5, y: row + 0.5 }, a, b)
      const offset = row * side + column
      nearest[offset] = Math.min(nearest[offset] ?? Infinity, distance)
    }
  }
}

function measureDistance(point: Point, a: Point, b: Point): number {
  const dx = b.x - a.x
  const dy = b.y - a.y
  const lengthSquared = dx * dx + dy * dy
  const along =
    lengthSquared === 0 ? 0 : ((point.x - a.x) * dx + (point.y - a.y) * dy) / lengthSquared
  const nearest = Math.max(0, Math.min(1, along))
  return Math.hypot(point.x - a.x - nearest * dx, point.y - a.y - nearest * dy)
}

function findCenterOfMass(pixels: Uint8Array): Point {
  let mass = 0
  let x = 0
  let y = 0
  pixels.forEach((value, offset) => {
    mass += value
    x += value * ((offset % side) + 0.5)
    y += value * (Math.floor(offset / side) + 0.5)
  })
  return { x: x / mass, y: y / mass }
}
