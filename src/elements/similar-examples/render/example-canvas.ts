import type { NdArray } from '../../../ndarray.js'
import { paintRaster } from '../../base/picture/paint-picture.js'
import { createImage, type ValueRange } from '../../base/picture/pixels.js'
import { cssOf, type Theme } from '../../base/color/theme.js'
import type { ShownExample } from '../shown-example.js'

/** The content of each canvas, so that none is painted twice. */
const painted = new WeakMap<HTMLCanvasElement, { pixels: NdArray; look: string }>()

/** Paints the canvases in `root`. Their `data-at` is the position of the example that they show. */
export function paintExamples(
  root: ParentNode,
  examples: readonly ShownExample[],
  range: ValueRange,
  ink: Theme | null,
): void {
  const look = [...range, ink === null ? '' : cssOf(ink.ink) + cssOf(ink.paper)].join(' ')
  for (const canvas of root.querySelectorAll<HTMLCanvasElement>('canvas[data-at]')) {
    const content = examples[Number(canvas.dataset['at'])]?.content
    if (content?.kind !== 'image') continue
    const before = painted.get(canvas)
    if (before?.pixels.data === content.pixels.data && before.look === look) continue
    paintRaster(canvas, createImage(content.pixels, range, ink))
    painted.set(canvas, { pixels: content.pixels, look })
  }
}
