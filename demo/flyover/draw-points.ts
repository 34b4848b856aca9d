import type { Camera, Point } from './camera.js'

/** Below this size, in CSS pixels, a point is drawn as a dot. */
const leastPictureSize = 9
/** The share of the square that all pictures together would cover. */
const coveredShare = 0.4
const dotSize = 4

type Color = readonly [red: number, green: number, blue: number]

/** How the points look. */
export interface PointLook {
  /** The pictures of the points: n × side × side, 0 (no ink) … 255. */
  readonly pixels: Uint8Array
  readonly side: number
  /** The side of the square that the places are in. */
  readonly extent: number
  /** The tint of each point: positive for, negative against, 0 none; −1 … 1. */
  readonly tints: Float32Array
  /** Points with a mark, such as labels to check. */
  readonly marked: ReadonlySet<number>
  /** The point under the pointer or the cursor, and the one that is asked about. */
  readonly pointed: number | undefined
  readonly asked: number | undefined
  /** As CSS writes them, opaque. */
  readonly colors: Readonly<
    Record<'paper' | 'ink' | 'quiet' | 'for' | 'against' | 'alarm' | 'accent', string>
  >
}

/**
 * Draws what the camera sees. The pictures are painted in main memory: ten thousand are too many for the canvas's own
 * operations on machines without a GPU.
 *
 * @param density device pixels per CSS pixel
 */
export function drawPoints(
  context: CanvasRenderingContext2D,
  places: readonly Point[],
  camera: Camera,
  density: number,
  look: PointLook,
): void {
  const { width, height } = context.canvas
  const image = context.createImageData(width, height)
  const { colors, tints, pixels, side } = look
  const parse = (color: string): Color => parseColor(context, color)
  const paper = parse(colors.paper)
  new Uint32Array(image.data.buffer).fill(packColor(paper))
  const [ink, quiet] = [parse(colors.ink), parse(colors.quiet)]
  const [forIt, against] = [parse(colors.for), parse(colors.against)]
  const pictureSize = Math.sqrt(coveredShare / places.length) * camera.scale * look.extent
  const isPicture = pictureSize >= leastPictureSize
  const drawn = isPicture ? pictureSize : dotSize
  const box = Math.max(1, Math.round(drawn * density))

  places.forEach((place, index) => {
    const { x, y } = camera.toView(place)
    const [left, top] = [Math.round(x * density - box / 2), Math.round(y * density - box / 2)]
    const tint = tints[index] ?? 0
    const strength = Math.abs(tint)
    const tintColor = tint > 0 ? forIt : against
    const dotColor = tint === 0 ? quiet : tintColor
    const dotShare = tint === 0 ? 0.6 : 0.25 + 0.75 * strength
    const tintShare = 0.55 * strength
    for (let row = Math.max(0, -top); row < box && top + row < height; row++) {
      const from = index * side * side + Math.floor((row * side) / box) * side
      for (let column = Math.max(0, -left); column < box && left + column < width; column++) {
        const at = 4 * ((top + row) * width + left + column)
        if (isPicture) {
          const covered = pixels[from + Math.floor((column * side) / box)]! / 255
          if (covered > 0) paint(image.data, at, ink, covered)
          if (tint !== 0) paint(image.data, at, tintColor, tintShare)
        } else paint(image.data, at, dotColor, dotShare)
      }
    }
  })
  context.putImageData(image, 0, 0)

  const outline = (index: number | undefined, color: string, lineWidth: number): void => {
    if (index === undefined) return
    const { x, y } = camera.toView(places[index]!)
    const frame = (Math.max(drawn, 12) + 2 * lineWidth) * density
    context.strokeStyle = color
    context.lineWidth = lineWidth * density
    context.strokeRect(x * density - frame / 2, y * density - frame / 2, frame, frame)
  }
  for (const index of look.marked) outline(index, colors.alarm, 1.5)
  outline(look.asked, colors.accent, 3)
  outline(look.pointed, colors.ink, 2)
}

function paint(data: Uint8ClampedArray, at: number, color: Color, share: number): void {
  for (let channel = 0; channel < 3; channel++) {
    const below = data[at + channel]!
    data[at + channel] = below + (color[channel]! - below) * share
  }
}

/** The canvas writes each opaque color as '#rrggbb', also '#fff', which the build makes of '#ffffff'. */
function parseColor(context: CanvasRenderingContext2D, color: string): Color {
  context.fillStyle = color
  const text = context.fillStyle
  const channel = (at: number): number => Number.parseInt(text.slice(at, at + 2), 16)
  return [channel(1), channel(3), channel(5)]
}

/** Opaque, as the bytes are in memory: all machines that browsers run on are little-endian. */
const packColor = ([red, green, blue]: Color): number =>
  (0xff000000 | (blue << 16) | (green << 8) | red) >>> 0
