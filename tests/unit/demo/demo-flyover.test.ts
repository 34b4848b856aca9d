import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Camera, type Point } from '../../../demo/flyover/camera.js'
import { findAhead, findClosest, type Direction } from '../../../demo/flyover/find-point.js'
import { DataFolder } from '../../../scripts/data/data-folder.js'

const view = { width: 800, height: 500 }
const point = fc.record({
  x: fc.integer({ min: 0, max: 1000 }),
  y: fc.integer({ min: 0, max: 1000 }),
})
const places = fc.array(point, { minLength: 1, maxLength: 40 })

function lookAtAll(): Camera {
  const camera = new Camera()
  camera.fit(1000, view.width, view.height, 10)
  return camera
}

describe('the camera', () => {
  test('shows the whole square with its margin', () => {
    const camera = lookAtAll()
    const [top, bottom] = [camera.toView({ x: 500, y: 0 }), camera.toView({ x: 500, y: 1000 })]
    expect([top.x, top.y, bottom.x, bottom.y].map(Math.round)).toEqual([400, 10, 400, 490])
  })

  test('converts between view and plane after any move', () => {
    const move = fc.record({
      pan: point,
      zoomAt: point,
      factor: fc.double({ min: 0.5, max: 2, noNaN: true }),
    })
    fc.assert(
      fc.property(fc.array(move, { maxLength: 6 }), point, (moves, place) => {
        const camera = lookAtAll()
        for (const { pan, zoomAt, factor } of moves) {
          camera.pan(pan.x - 500, pan.y - 500)
          const fixed = camera.toPlane(zoomAt)
          camera.zoom(factor, zoomAt)
          const still = camera.toView(fixed)
          expect(still.x).toBeCloseTo(zoomAt.x, 6)
          expect(still.y).toBeCloseTo(zoomAt.y, 6)
        }
        const back = camera.toPlane(camera.toView(place))
        expect(back.x).toBeCloseTo(place.x, 6)
        expect(back.y).toBeCloseTo(place.y, 6)
      }),
      { seed: 1 },
    )
  })

  test('zooms between half and sixteen times the whole', () => {
    const camera = lookAtAll()
    const whole = camera.scale
    for (let i = 0; i < 40; i++) camera.zoom(2, { x: 0, y: 0 })
    expect(camera.scale).toBeCloseTo(16 * whole)
    for (let i = 0; i < 40; i++) camera.zoom(0.5, { x: 0, y: 0 })
    expect(camera.scale).toBeCloseTo(whole / 2)
  })
})

describe('a point', () => {
  test('is the closest one within reach', () => {
    fc.assert(
      fc.property(places, point, fc.integer({ min: 1, max: 400 }), (all, at, reach) => {
        const distances = all.map(({ x, y }) => Math.hypot(x - at.x, y - at.y))
        const found = findClosest(all, at, reach)
        const least = Math.min(...distances)
        if (least > reach) expect(found).toBeUndefined()
        else expect(distances[found!]).toBeCloseTo(least)
      }),
      { seed: 2 },
    )
  })

  test('reached by an arrow key is on that side, if one exists', () => {
    const ahead: Readonly<Record<Direction, (from: Point, to: Point) => number>> = {
      left: (from, to) => from.x - to.x,
      right: (from, to) => to.x - from.x,
      up: (from, to) => from.y - to.y,
      down: (from, to) => to.y - from.y,
    }
    fc.assert(
      fc.property(places, fc.constantFrom('left', 'right', 'up', 'down'), (all, direction) => {
        const next = findAhead(all, 0, direction)
        const reachable = all.some((to) => {
          const step = ahead[direction](all[0]!, to)
          const side =
            direction === 'left' || direction === 'right' ? to.y - all[0]!.y : to.x - all[0]!.x
          return step > 0 && Math.abs(side) <= step
        })
        expect(next !== 0).toBe(reachable)
        if (next !== 0) expect(ahead[direction](all[0]!, all[next]!)).toBeGreaterThan(0)
      }),
      { seed: 3 },
    )
  })
})

test('digits of one class are closer to each other on the map than digits of different classes', () => {
  const folder = new DataFolder('mnist')
  const { extent, places: flat } = folder.readJson('places.json') as {
    readonly extent: number
    readonly places: readonly number[]
  }
  const { labels } = folder.readImages('references')
  expect(flat).toHaveLength(2 * labels.length)
  expect(Math.min(...flat)).toBeGreaterThanOrEqual(0)
  expect(Math.max(...flat)).toBeLessThanOrEqual(extent)
  const sums = { same: 0, sameCount: 0, other: 0, otherCount: 0 }
  for (let i = 0; i < labels.length; i++) {
    for (let j = i + 1; j < labels.length; j++) {
      const distance = Math.hypot(flat[2 * i]! - flat[2 * j]!, flat[2 * i + 1]! - flat[2 * j + 1]!)
      if (labels[i] === labels[j]) {
        sums.same += distance
        sums.sameCount++
      } else {
        sums.other += distance
        sums.otherCount++
      }
    }
  }
  expect(sums.same / sums.sameCount).toBeLessThan((0.6 * sums.other) / sums.otherCount)
})
