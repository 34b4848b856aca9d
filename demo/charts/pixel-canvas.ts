import { currentTheme, onThemeChange, type Theme } from './theme.js'

type Color = readonly [red: number, green: number, blue: number]

const paper: Record<Theme, Color> = { light: [255, 255, 255], dark: [19, 19, 23] }
const ink: Record<Theme, Color> = { light: [23, 23, 28], dark: [236, 236, 241] }

const forIt: Record<Theme, Color> = { light: [84, 39, 136], dark: [185, 166, 245] }
/** How much of the ink is left where nothing is marked. */
const faintShare = 0.3
/** The weakest mark is visible. */
const leastMark = 0.25

/** Draws an image in the theme's colours, as ink on paper. Pixels are 0 (no ink) … 255. */
export function drawImage(canvas: HTMLCanvasElement, pixels: ArrayLike<number>): void {
  const paintNow = (): void => {
    paint(canvas, pixels)
  }
  painters.set(canvas, paintNow)
  paintNow()
}

/**
 * Draws an image faintly, and marks parts of it in the colour of what counts for a class.
 *
 * @param pixels 0 (no ink) … 1
 * @param marked a strength for each pixel; the greatest gets the full colour
 */
export function drawHighlighted(
  canvas: HTMLCanvasElement,
  pixels: ArrayLike<number>,
  marked: ArrayLike<number>,
): void {
  const greatest = Array.from(marked).reduce((most, value) => Math.max(most, value), 0)
  const paintNow = (): void => {
    const theme = currentTheme()
    paintWith(canvas, (offset) => {
      const faint = mix(paper[theme], ink[theme], (pixels[offset] ?? 0) * faintShare)
      const strength = greatest === 0 ? 0 : (marked[offset] ?? 0) / greatest
      return mix(faint, forIt[theme], strength === 0 ? 0 : leastMark + (1 - leastMark) * strength)
    })
  }
  painters.set(canvas, paintNow)
  paintNow()
}

const painters = new Map<HTMLCanvasElement, () => void>()

onThemeChange(() => {
  for (const [canvas, painter] of painters) {
    if (canvas.isConnected) painter()
    else painters.delete(canvas)
  }
})

function paint(canvas: HTMLCanvasElement, pixels: ArrayLike<number>): void {
  const theme = currentTheme()
  paintWith(canvas, (offset) => mix(paper[theme], ink[theme], (pixels[offset] ?? 0) / 255))
}

function paintWith(canvas: HTMLCanvasElement, colorOf: (offset: number) => Color): void {
  // Small images are painted faster in main memory than on a GPU, whose memory each canvas would
  // use.
  const context = canvas.getContext('2d', { willReadFrequently: true })
  if (context === null) return
  const image = context.createImageData(canvas.width, canvas.height)
  for (let offset = 0; offset < canvas.width * canvas.height; offset++) {
    const [red, green, blue] = colorOf(offset)
    image.data.set([red, green, blue, 255], offset * 4)
  }
  context.putImageData(image, 0, 0)
}

function mix(from: Color, to: Color, share: number): Color {
  const channel = (a: number, b: number): number => a + (b - a) * share
  return [channel(from[0], to[0]), channel(from[1], to[1]), channel(from[2], to[2])]
}
