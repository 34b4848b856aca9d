import { divergingColor, type Color } from './diverging-colors.js'
import { currentTheme, onThemeChange } from './theme.js'

const paper: Record<'light' | 'dark', Color> = { light: [255, 255, 255], dark: [19, 19, 23] }
const ink: Record<'light' | 'dark', Color> = { light: [23, 23, 28], dark: [236, 236, 241] }

/** Shows a digit as ink on the page's paper; `pixels` are 0 (no ink) … 255. */
export function drawDigit(canvas: HTMLCanvasElement, pixels: ArrayLike<number>): void {
  keepDrawn(canvas, () => {
    const theme = currentTheme()
    paint(canvas, (offset) => mix(paper[theme], ink[theme], (pixels[offset] ?? 0) / 255))
  })
}

/** Shows signed values, symmetric about zero: ±`limit` have the strongest colours. */
export function drawSigned(
  canvas: HTMLCanvasElement,
  values: ArrayLike<number>,
  limit: number,
): void {
  keepDrawn(canvas, () => {
    const theme = currentTheme()
    paint(canvas, (offset) => divergingColor(limit > 0 ? (values[offset] ?? 0) / limit : 0, theme))
  })
}

const painters = new Map<HTMLCanvasElement, () => void>()

onThemeChange(() => {
  for (const [canvas, painter] of painters) {
    if (canvas.isConnected) painter()
    else painters.delete(canvas)
  }
})

function keepDrawn(canvas: HTMLCanvasElement, painter: () => void): void {
  painters.set(canvas, painter)
  painter()
}

function paint(canvas: HTMLCanvasElement, colorAt: (offset: number) => Color): void {
  // A picture this small is drawn sooner in main memory than by a GPU, of which each canvas takes a share.
  const context = canvas.getContext('2d', { willReadFrequently: true })
  if (context === null) return
  const image = context.createImageData(canvas.width, canvas.height)
  for (let offset = 0; offset < canvas.width * canvas.height; offset++) {
    const [red, green, blue] = colorAt(offset)
    image.data.set([red, green, blue, 255], offset * 4)
  }
  context.putImageData(image, 0, 0)
}

function mix(from: Color, to: Color, share: number): Color {
  const channel = (a: number, b: number): number => a + (b - a) * share
  return [channel(from[0], to[0]), channel(from[1], to[1]), channel(from[2], to[2])]
}
