import type { Rgb } from '../base/color/theme.js'

/** The contrast of two colours by WCAG, 1 … 21. */
export function findContrast(a: Rgb, b: Rgb): number {
  const [one, two] = [findLuminance(a), findLuminance(b)]
  return (Math.max(one, two) + 0.05) / (Math.min(one, two) + 0.05)
}

/** A colour between two: `from` at 0, `to` at 1. */
export function mix(from: Rgb, to: Rgb, share: number): Rgb {
  const channel = (at: 0 | 1 | 2): number => Math.round(from[at] + (to[at] - from[at]) * share)
  return [channel(0), channel(1), channel(2)]
}

/** The colour, moved towards `ink` until its contrast with each ground is at least `least`. */
export function strengthen(color: Rgb, ink: Rgb, grounds: readonly Rgb[], least: number): Rgb {
  for (let step = 0; step < 20; step++) {
    const moved = mix(color, ink, step / 20)
    if (grounds.every((ground) => findContrast(moved, ground) >= least)) return moved
  }
  return ink
}

function findLuminance(color: Rgb): number {
  const [red, green, blue] = color.map((value) => {
    const share = value / 255
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!
}
