/** Pictures in a grid, as ink without paper. */
export interface Sprites {
  readonly atlas: HTMLCanvasElement
  /** The side of a picture, in pixels. */
  readonly side: number
  /** The number of pictures in a row. */
  readonly columns: number
}

/**
 * Draws the pictures into one canvas, from which they are copied quickly.
 *
 * @param pixels count × side × side, 0 (no ink) … 255
 * @param ink the colour, as '#rrggbb'
 */
export function drawSprites(pixels: Uint8Array, side: number, ink: string): Sprites {
  const size = side * side
  const count = pixels.length / size
  const columns = Math.ceil(Math.sqrt(count))
  const atlas = document.createElement('canvas')
  atlas.width = columns * side
  atlas.height = Math.ceil(count / columns) * side
  const context = atlas.getContext('2d')
  if (context === null) return { atlas, side, columns }
  const image = context.createImageData(atlas.width, atlas.height)
  const color = [1, 3, 5].map((at) => Number.parseInt(ink.slice(at, at + 2), 16))
  for (let offset = 0; offset < pixels.length; offset++) {
    const picture = Math.floor(offset / size)
    const row = Math.floor(picture / columns) * side + Math.floor((offset % size) / side)
    const column = (picture % columns) * side + (offset % side)
    image.data.set([...color, pixels[offset]!], 4 * (row * atlas.width + column))
  }
  context.putImageData(image, 0, 0)
  return { atlas, side, columns }
}
