export interface Point {
  readonly x: number
  readonly y: number
}

/** How much closer than the whole one can get, and how much farther. */
const closest = 16
const farthest = 0.5

/** Which part of the plane is seen: a point (x, y) is drawn at ((x − left) · scale, (y − top) · scale). */
export class Camera {
  #left = 0
  #top = 0
  #scale = 1
  #wholeScale = 1

  /** CSS pixels per unit of the plane. */
  get scale(): number {
    return this.#scale
  }

  /** Shows a square of `extent` units in a view of `width` × `height` CSS pixels, with a margin. */
  fit(extent: number, width: number, height: number, margin: number): void {
    const scale = Math.min(width - 2 * margin, height - 2 * margin) / extent
    this.#wholeScale = scale
    this.#scale = scale
    this.#left = extent / 2 - width / 2 / scale
    this.#top = extent / 2 - height / 2 / scale
  }

  toView({ x, y }: Point): Point {
    return { x: (x - this.#left) * this.#scale, y: (y - this.#top) * this.#scale }
  }

  toPlane({ x, y }: Point): Point {
    return { x: x / this.#scale + this.#left, y: y / this.#scale + this.#top }
  }

  /** Moves the plane by this many CSS pixels. */
  pan(dx: number, dy: number): void {
    this.#left -= dx / this.#scale
    this.#top -= dy / this.#scale
  }

  /** Zooms so that the point of the view stays where it is. */
  zoom(factor: number, at: Point): void {
    const fixed = this.toPlane(at)
    const [least, greatest] = [farthest * this.#wholeScale, closest * this.#wholeScale]
    this.#scale = Math.max(least, Math.min(greatest, this.#scale * factor))
    this.#left = fixed.x - at.x / this.#scale
    this.#top = fixed.y - at.y / this.#scale
  }
}
