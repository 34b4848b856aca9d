/** A pixel of a map. */
export interface Pixel {
  readonly row: number
  readonly column: number
}

/** A pixel and its value. */
export interface PixelReadout extends Pixel {
  /** Its attribution, summed over the channels. */
  readonly value: number
}

interface Extent {
  readonly width: number
  readonly height: number
}

/** The pixel under a pointer. */
export function findPixel(
  { clientX, clientY }: Pick<MouseEvent, 'clientX' | 'clientY'>,
  box: DOMRect,
  { width, height }: Extent,
): Pixel {
  return {
    row: clamp(Math.floor(((clientY - box.top) / box.height) * height), height),
    column: clamp(Math.floor(((clientX - box.left) / box.width) * width), width),
  }
}

/**
 * Moves by a key: the arrows by one pixel, with Shift by ten; Home and End to the ends of the row.
 * Null for other keys.
 */
export function movePixel(
  { key, shiftKey, altKey, ctrlKey, metaKey }: KeyboardEvent,
  { row, column }: Pixel,
  { width, height }: Extent,
): Pixel | null {
  if (altKey || ctrlKey || metaKey) return null
  const step = shiftKey ? 10 : 1
  switch (key) {
    case 'ArrowUp':
      return { row: clamp(row - step, height), column }
    case 'ArrowDown':
      return { row: clamp(row + step, height), column }
    case 'ArrowLeft':
      return { row, column: clamp(column - step, width) }
    case 'ArrowRight':
      return { row, column: clamp(column + step, width) }
    case 'Home':
      return { row, column: 0 }
    case 'End':
      return { row, column: width - 1 }
    default:
      return null
  }
}

function clamp(position: number, length: number): number {
  return Math.max(0, Math.min(length - 1, position))
}
