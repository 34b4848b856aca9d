import { bodySize, measureText, type Mark, type Picture } from '../base/picture/picture.js'
import type { Rgb, Theme } from '../base/color/theme.js'
import type { TokenAttribution } from './token-attributions.js'

const width = 640
const lineHeight = 34
const padding = 3
const underline = 3

/** Draws the coloured words in lines. */
export function drawText(
  tokens: readonly TokenAttribution[],
  separator: string,
  theme: Theme,
): Picture {
  const space = measureText(separator)
  const marks: Mark[] = []
  let x = 0
  let y = 0
  for (const { token, share } of tokens) {
    if (token === '') continue
    const wordWidth = measureText(token) + 2 * padding
    if (x > 0 && x + wordWidth > width) {
      x = 0
      y += lineHeight
    }
    const magnitude = Math.abs(share)
    const [tint, strong] =
      share < 0 ? [theme.negativeTint, theme.negative] : [theme.positiveTint, theme.positive]
    if (magnitude > 0) {
      marks.push(
        {
          kind: 'rectangle',
          x,
          y,
          width: wordWidth,
          height: 24,
          fill: mix(theme.paper, tint, magnitude),
        },
        {
          kind: 'rectangle',
          x,
          y: y + 24,
          width: wordWidth,
          height: underline,
          fill: mix(theme.paper, strong, magnitude),
        },
      )
    }
    marks.push({
      kind: 'text',
      x: x + padding,
      y: y + 4 + bodySize - 2,
      text: token,
      fill: theme.ink,
    })
    x += wordWidth + space
  }
  return { width, height: y + lineHeight, marks }
}

function mix(from: Rgb, to: Rgb, share: number): Rgb {
  const channel = (at: 0 | 1 | 2): number => Math.round(from[at] + (to[at] - from[at]) * share)
  return [channel(0), channel(1), channel(2)]
}
