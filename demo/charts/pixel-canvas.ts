import { currentTheme, onThemeChange, type Theme } from './theme.js'

type Color = readonly [red: number, green: number, blue: number]

const paper: Record<Theme, Color> = { light: [255, 255, 255], dark: [19, 19, 23] }
const ink: Record<Theme, Color> = { light: [23, 23, 28], dark: [236, 236, 241] }

/** Draws an image in the theme's colours, as ink on paper. Pixels are 0 (no ink) … 255. */
export function drawImage(canvas: HTMLCanvasElement, pixels: ArrayLike<number>): void {
  const paintNow = (): void => {
    paint(canvas, pixels)
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
  // Small images are painted faster in main memory than on a GPU, whose memory each canvas would
  // use.
  const context = canvas.getContext('2d', { willReadFrequently: true })
  if (context === null) return
  const theme = currentTheme()
  const image = context.createImageData(canvas.width, canvas.height)
  for (let offset = 0; offset < canvas.width * canvas.height; offset++) {
    const [red, green, blue] = mix(paper[theme], ink[theme], (pixels[offset] ?? 0) / 255)
    image.data.set([red, green, blue, 255], offset * 4)
  }
  context.putImageData(image, 0, 0)
}

function mix(from: Color, to: Color, share: number): Color {
  const channel = (a: number, b: number): number => a + (b - a) * share
  return [channel(from[0], to[0]), channel(from[1], to[1]), channel(from[2], to[2])]
}
