import type { Camera, Point } from './camera.js'
import type { Sprites } from './draw-sprites.js'

/** Below this size, a point is drawn as a dot. */
const leastSpriteSize = 9
/** The side of a picture, as a share of the whole. */
const spriteShare = 0.02
const dotSize = 4

/** How the points look. */
export interface PointLook {
  /** The pictures of the points, in their order. */
  readonly sprites: Sprites
  /** The side of the square that the places are in. */
  readonly extent: number
  /** The tint of each point: positive for, negative against, 0 none; −1 … 1. */
  readonly tints: Float32Array
  /** Points with a mark, such as labels to check. */
  readonly marked: ReadonlySet<number>
  /** The point under the pointer or the cursor, and the one that is asked about. */
  readonly pointed: number | undefined
  readonly asked: number | undefined
  readonly colors: Readonly<
    Record<'paper' | 'ink' | 'quiet' | 'for' | 'against' | 'alarm' | 'accent', string>
  >
}

/** Draws what the camera sees, in CSS pixels. Points out of sight are skipped. */
export function drawPoints(
  context: CanvasRenderingContext2D,
  size: { readonly width: number; readonly height: number },
  places: readonly Point[],
  camera: Camera,
  look: PointLook,
): void {
  const { colors, tints, marked, pointed, asked } = look
  const { atlas, side, columns } = look.sprites
  context.fillStyle = colors.paper
  context.globalAlpha = 1
  context.fillRect(0, 0, size.width, size.height)
  const spriteSize = spriteShare * camera.scale * look.extent
  const drawn = Math.max(dotSize, spriteSize)
  const isSprite = spriteSize >= leastSpriteSize
  const isInSight = ({ x, y }: Point): boolean =>
    x > -drawn && y > -drawn && x < size.width + drawn && y < size.height + drawn
  context.imageSmoothingEnabled = spriteSize < side
  const outline = (index: number | undefined, color: string, width: number): void => {
    if (index === undefined) return
    const { x, y } = camera.toView(places[index]!)
    context.globalAlpha = 1
    context.strokeStyle = color
    context.lineWidth = width
    const box = Math.max(drawn, 12) + 2 * width
    context.strokeRect(x - box / 2, y - box / 2, box, box)
  }
  places.forEach((place, index) => {
    const at = camera.toView(place)
    if (!isInSight(at)) return
    const tint = tints[index] ?? 0
    if (isSprite) {
      context.globalAlpha = 1
      context.drawImage(
        atlas,
        (index % columns) * side,
        Math.floor(index / columns) * side,
        side,
        side,
        at.x - drawn / 2,
        at.y - drawn / 2,
        drawn,
        drawn,
      )
    } else if (tint === 0) {
      context.globalAlpha = 0.6
      context.fillStyle = colors.quiet
      context.fillRect(at.x - dotSize / 2, at.y - dotSize / 2, dotSize, dotSize)
    }
    if (tint === 0) return
    context.globalAlpha = isSprite ? 0.55 * Math.abs(tint) : 0.25 + 0.75 * Math.abs(tint)
    context.fillStyle = tint > 0 ? colors.for : colors.against
    context.fillRect(at.x - drawn / 2, at.y - drawn / 2, drawn, drawn)
  })
  for (const index of marked) outline(index, colors.alarm, 1.5)
  outline(asked, colors.accent, 3)
  outline(pointed, colors.ink, 2)
  context.globalAlpha = 1
}
