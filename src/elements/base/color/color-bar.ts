import { html, type TemplateResult } from 'lit'
import { createSignedFormat } from '../../text/format.js'
import type { Sign } from '../attributions.js'
import { createRaster, type Raster } from '../picture/pixels.js'
import type { ColorOf } from './diverging-colors.js'
import type { Theme } from './theme.js'

/** The meaning of the colours, from left to right. */
export interface ColorBar {
  /** One row of colours. */
  readonly ramp: Raster
  readonly ticks: readonly ColorBarTick[]
}

export interface ColorBarTick {
  /** The position along the bar, 0 … 1. */
  readonly at: number
  readonly value: string
  readonly meaning: string
}

const steps = 128

/** The attributions that the colours show. */
interface SignedValues {
  /** The magnitude of the strongest colour. */
  readonly limit: number
  /** Whether some magnitudes exceed the limit. */
  readonly isClipped: boolean
  /** The name of the explained output; null if the model has a single output. */
  readonly target: string | null
}

interface ColorBarOptions {
  readonly sign: Sign
  /** Whether the colours uncover an image instead of colouring it. */
  readonly isMasked: boolean
  readonly colorOf: ColorOf
  readonly theme: Theme
}

export function createColorBar(
  values: SignedValues,
  { sign, isMasked, colorOf, theme }: ColorBarOptions,
): ColorBar {
  const [from, to] = endsOf(sign)
  const ramp = createRaster(steps, 1)
  for (let i = 0; i < steps; i++) {
    const value = from + ((to - from) * i) / (steps - 1)
    const share = Math.abs(value) ** 0.6
    const masked = theme.paper.map((paper, c) => paper + (theme.ink[c]! - paper) * share)
    ramp.data.set([...(isMasked ? masked : colorOf(value)), 255], i * 4)
  }
  return { ramp, ticks: createTicks(values, sign) }
}

/** The ticks of a color bar, which don't depend on the theme. */
export function createTicks(
  { limit, isClipped, target }: SignedValues,
  sign: Sign,
): readonly ColorBarTick[] {
  const [from, to] = endsOf(sign)
  const zero = { at: -from / (to - from), value: '0', meaning: '' }
  if (limit === 0) return [zero]
  const format = createSignedFormat([limit])
  const name = target ?? 'a higher output'
  const bound = isClipped ? { least: '≤\u202f', most: '≥\u202f' } : { least: '', most: '' }
  const end = (value: number): ColorBarTick => ({
    at: value < 0 ? 0 : 1,
    value: (value < 0 ? bound.least : bound.most) + format(value * limit),
    meaning: value < 0 ? `against ${name}` : `for ${name}`,
  })
  return [...(from < 0 ? [end(-1)] : []), zero, ...(to > 0 ? [end(1)] : [])]
}

/** The values at the ends of the bar, as shares of the limit. */
const endsOf = (sign: Sign): readonly [from: number, to: number] => [
  sign === 'positive' ? 0 : -1,
  sign === 'negative' ? 0 : 1,
]

/** The content of a bar, whose canvas the element paints, and its ticks. */
export function renderColorBar(ticks: readonly ColorBarTick[]): TemplateResult {
  return html`
    <canvas class="picture" data-ramp></canvas>
    <ol class="ticks">
      ${ticks.map(
        ({ value, meaning }) => html`
          <li ?data-zero=${meaning === ''}>
            <span class="tick-value">${value}</span>
            ${meaning}
          </li>
        `,
      )}
    </ol>
  `
}
