import { drawSigned } from '../charts/pixel-canvas.js'
import { create } from '../dom.js'
import { sharedNotation } from '../text/format.js'
import type { SignedMap } from '../signed-map.js'

const barSteps = 101

export interface AttributionMap {
  show(map: SignedMap): void
}

/** The signed map, zero-centred, with a bar that says what its colours mean. */
export function createAttributionMap(canvas: HTMLCanvasElement, bar: HTMLElement): AttributionMap {
  const ramp = create('canvas', '')
  ramp.width = 1
  ramp.height = barSteps
  const labels = create('ol', '')
  bar.append(ramp, labels)

  const show = (values: ArrayLike<number>, target: string): void => {
    const limit = Math.max(...Array.from(values, Math.abs))
    drawSigned(canvas, values, limit)
    const format = sharedNotation([limit])
    const ticks = [limit, limit / 2, 0, -limit / 2, -limit].map((value) =>
      value > 0 ? `+${format(value)}` : value === 0 ? '0' : format(value),
    )
    const [strongest = '', ...others] = limit > 0 ? ticks : []
    const weakest = others.pop() ?? ''
    const texts = [`${strongest}\nfor ${target}`, ...others, `against ${target}\n${weakest}`]
    labels.replaceChildren(...(limit > 0 ? texts.map((text) => create('li', '', text)) : []))
    drawSigned(ramp, rampValues, 1)
  }
  show([], '')

  return {
    show({ attributions, target }): void {
      show(attributions, String(target))
    },
  }
}

/** From +1 at the top to −1. */
const rampValues = Float32Array.from({ length: barSteps }, (_, i) => 1 - (2 * i) / (barSteps - 1))
