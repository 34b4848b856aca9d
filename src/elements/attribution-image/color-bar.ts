import type { Sign } from '../base/attributions.js'
import type { ColorOf } from '../base/color/diverging-colors.js'
import type { Theme } from '../base/color/theme.js'
import { createSignedFormat } from '../text/format.js'
import type { Layout } from './layers.js'
import type { SignedMap } from './signed-map.js'

/** The meaning of the colours, from left to right. */
export interface ColorBar {
  /** One row of colours. */
  readonly ramp: ImageData
  readonly ticks: readonly ColorBarTick[]
}

export interface ColorBarTick {
  /** The position along the bar, 0 … 1. */
  readonly at: number
  readonly value: string
  readonly meaning: string
}

const steps = 128

export function createColorBar(
  { limit, isClipped, target }: SignedMap,
  { sign, layout, colorOf, theme }: { sign: Sign; layout: Layout; colorOf: ColorOf; theme: Theme },
): ColorBar {
  const from = sign === 'positive' ? 0 : -1
  const to = sign === 'negative' ? 0 : 1
  const ramp = new ImageData(steps, 1)
  for (let i = 0; i < steps; i++) {
    const value = from + ((to - from) * i) / (steps - 1)
    const share = Math.abs(value) ** 0.6
    const masked = theme.paper.map((paper, c) => paper + (theme.ink[c]! - paper) * share)
    ramp.data.set([...(layout === 'masked' ? masked : colorOf(value)), 255], i * 4)
  }
  if (limit === 0) return { ramp, ticks: [{ at: -from / (to - from), value: '0', meaning: '' }] }
  const format = createSignedFormat([limit])
  const name = target ?? 'a higher output'
  const bound = isClipped ? { least: '≤\u202f', most: '≥\u202f' } : { least: '', most: '' }
  const end = (value: number): ColorBarTick => ({
    at: value < 0 ? 0 : 1,
    value: (value < 0 ? bound.least : bound.most) + format(value * limit),
    meaning: value < 0 ? `against ${name}` : `for ${name}`,
  })
  const zero = { at: -from / (to - from), value: '0', meaning: '' }
  return {
    ramp,
    ticks: [...(from < 0 ? [end(-1)] : []), zero, ...(to > 0 ? [end(1)] : [])],
  }
}
