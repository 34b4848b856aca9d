import type { Point } from './camera.js'

export type Direction = 'left' | 'right' | 'up' | 'down'

/** A step to the side counts this much more than one ahead. */
const sideWeight = 2

/** The index of the point that is closest to `at`, within `reach`; undefined if there is none. */
export function findClosest(
  places: readonly Point[],
  at: Point,
  reach: number,
): number | undefined {
  let closest: number | undefined
  let least = reach * reach
  places.forEach(({ x, y }, index) => {
    const squared = (x - at.x) ** 2 + (y - at.y) ** 2
    if (squared > least) return
    least = squared
    closest = index
  })
  return closest
}

/** The point that an arrow key leads to: the closest one ahead of `from`; `from` if there is none. */
export function findAhead(places: readonly Point[], from: number, direction: Direction): number {
  const start = places[from]!
  const isAcross = direction === 'left' || direction === 'right'
  const sign = direction === 'left' || direction === 'up' ? -1 : 1
  let next = from
  let least = Infinity
  places.forEach((place, index) => {
    const [dx, dy] = [place.x - start.x, place.y - start.y]
    const ahead = sign * (isAcross ? dx : dy)
    const side = Math.abs(isAcross ? dy : dx)
    if (index === from || ahead <= 0 || side > ahead) return
    const distance = ahead + sideWeight * side
    if (distance >= least) return
    least = distance
    next = index
  })
  return next
}
