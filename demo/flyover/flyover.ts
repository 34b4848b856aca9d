import { onThemeChange } from '../charts/theme.js'
import { Camera, type Point } from './camera.js'
import { drawPoints, type PointLook } from './draw-points.js'
import { findAhead, findClosest, type Direction } from './find-point.js'

const margin = 16
const zoomStep = 1.4
const wheelZoom = 0.0015
/** A pointer that moves less than this, in CSS pixels, clicks. */
const clickReach = 5
/** How far from a point a click still means it, in CSS pixels. */
const pickReach = 14

const arrows: ReadonlyMap<string, Direction> = new Map([
  ['ArrowLeft', 'left'],
  ['ArrowRight', 'right'],
  ['ArrowUp', 'up'],
  ['ArrowDown', 'down'],
])

export interface FlyoverOptions {
  readonly places: readonly Point[]
  /** The side of the square that the places are in. */
  readonly extent: number
  /** The pictures of the points: n × side × side, 0 (no ink) … 255. */
  readonly pixels: Uint8Array
  readonly side: number
  /** Called when the pointer or the cursor moves to another point. */
  readonly point: (index: number | undefined) => void
  /** Called when a point is clicked, or chosen with Enter. */
  readonly choose: (index: number) => void
}

export interface Flyover {
  /** The tint of each point, −1 … 1, and the points with a mark. */
  show(look: Partial<Pick<PointLook, 'tints' | 'marked' | 'asked'>>): void
  /** Zooms in or out about the middle. */
  zoom(direction: 1 | -1): void
  /** Shows everything. */
  fit(): void
}

/**
 * Points on a canvas that can be flown over: dragging, arrow keys on a point, the wheel with Ctrl or a pinch, and + and
 * − zoom. It draws at most once a frame.
 */
export function createFlyover(canvas: HTMLCanvasElement, options: FlyoverOptions): Flyover {
  const { places, extent, point, choose } = options
  const camera = new Camera()
  const pointers = new Map<number, Point>()
  let look: PointLook = { ...createLook(canvas, options), pointed: undefined }
  let frame = 0
  let travelled = 0
  let isFitted = false
  let isNear = false

  const size = (): { width: number; height: number } => ({
    width: canvas.clientWidth,
    height: canvas.clientHeight,
  })
  const draw = (): void => {
    frame = 0
    const { width, height } = size()
    const context = canvas.getContext('2d')
    if (context === null || width === 0) return
    const density = devicePixelRatio
    if (canvas.width !== Math.round(width * density)) canvas.width = Math.round(width * density)
    if (canvas.height !== Math.round(height * density)) canvas.height = Math.round(height * density)
    if (!isFitted) {
      camera.fit(extent, width, height, margin)
      isFitted = true
    }
    if (isNear) drawPoints(context, places, camera, density, look)
  }
  const redraw = (): void => {
    if (frame === 0) frame = requestAnimationFrame(draw)
  }
  const pointAt = (index: number | undefined): void => {
    if (index === look.pointed) return
    look = { ...look, pointed: index }
    point(index)
    redraw()
  }
  const find = (at: Point): number | undefined =>
    findClosest(places, camera.toPlane(at), pickReach / camera.scale)
  const locate = (event: PointerEvent | WheelEvent): Point => {
    const box = canvas.getBoundingClientRect()
    return { x: event.clientX - box.left, y: event.clientY - box.top }
  }
  const middle = (): Point => ({ x: size().width / 2, y: size().height / 2 })
  const zoomBy = (factor: number, at: Point): void => {
    camera.zoom(factor, at)
    redraw()
  }

  canvas.addEventListener('pointerdown', (event) => {
    canvas.setPointerCapture(event.pointerId)
    pointers.set(event.pointerId, locate(event))
    if (pointers.size === 1) travelled = 0
  })
  canvas.addEventListener('pointermove', (event) => {
    const at = locate(event)
    const before = pointers.get(event.pointerId)
    if (before === undefined) {
      pointAt(find(at))
      return
    }
    pointers.set(event.pointerId, at)
    const other = [...pointers].find(([id]) => id !== event.pointerId)?.[1]
    travelled += Math.hypot(at.x - before.x, at.y - before.y)
    if (other !== undefined) {
      const distance = (from: Point): number => Math.hypot(from.x - other.x, from.y - other.y)
      zoomBy(distance(at) / Math.max(1, distance(before)), other)
    } else if (travelled > clickReach) {
      camera.pan(at.x - before.x, at.y - before.y)
      redraw()
    }
  })
  canvas.addEventListener('pointerup', (event) => {
    pointers.delete(event.pointerId)
    const found = find(locate(event))
    if (travelled > clickReach || found === undefined) return
    pointAt(found)
    choose(found)
  })
  canvas.addEventListener('pointercancel', (event) => {
    pointers.delete(event.pointerId)
  })
  canvas.addEventListener('pointerleave', () => {
    if (pointers.size === 0 && document.activeElement !== canvas) pointAt(undefined)
  })
  canvas.addEventListener(
    'wheel',
    (event) => {
      // Without Ctrl, the wheel scrolls the page. Pinching a touchpad sets it.
      if (!event.ctrlKey && !event.metaKey) return
      event.preventDefault()
      zoomBy(Math.exp(-event.deltaY * wheelZoom * 4), locate(event))
    },
    { passive: false },
  )
  canvas.addEventListener('keydown', (event) => {
    const direction = arrows.get(event.key)
    const from = look.pointed ?? look.asked ?? 0
    if (direction !== undefined) {
      const next = look.pointed === undefined ? from : findAhead(places, from, direction)
      pointAt(next)
      keepInSight(next)
    } else if (event.key === '+' || event.key === '=') zoomBy(zoomStep, focusOf(from))
    else if (event.key === '-') zoomBy(1 / zoomStep, focusOf(from))
    else if (event.key === '0') fit()
    else if (event.key === 'Enter' || event.key === ' ') choose(from)
    else return
    event.preventDefault()
  })
  const focusOf = (index: number): Point => camera.toView(places[index]!)
  const keepInSight = (index: number): void => {
    const { x, y } = focusOf(index)
    const { width, height } = size()
    const dx = x < margin ? margin - x : x > width - margin ? width - margin - x : 0
    const dy = y < margin ? margin - y : y > height - margin ? height - margin - y : 0
    camera.pan(dx, dy)
  }
  const fit = (): void => {
    isFitted = false
    redraw()
  }
  onThemeChange(() => {
    look = { ...look, ...createLook(canvas, options), ...keepState(look) }
    redraw()
  })
  new ResizeObserver(fit).observe(canvas)
  // Each drawing blocks a slow phone for a moment, while it computes what is on its screen.
  const near = new IntersectionObserver(
    (entries) => {
      isNear = entries.at(-1)?.isIntersecting === true
      if (isNear) redraw()
    },
    { rootMargin: '100%' },
  )
  near.observe(canvas)

  return {
    show(next) {
      look = { ...look, ...next }
      redraw()
    },
    zoom(direction) {
      zoomBy(zoomStep ** direction, middle())
    },
    fit,
  }
}

const keepState = ({
  tints,
  marked,
  asked,
  pointed,
}: PointLook): Pick<PointLook, 'tints' | 'marked' | 'asked' | 'pointed'> => ({
  tints,
  marked,
  asked,
  pointed,
})

function createLook(
  canvas: HTMLCanvasElement,
  { places, extent, pixels, side }: FlyoverOptions,
): Omit<PointLook, 'pointed'> {
  const style = getComputedStyle(canvas)
  const color = (name: string): string => style.getPropertyValue(`--${name}`).trim()
  return {
    extent,
    pixels,
    side,
    tints: new Float32Array(places.length),
    marked: new Set(),
    asked: undefined,
    colors: {
      paper: color('paper'),
      ink: color('ink'),
      quiet: color('ink-quiet'),
      for: color('for'),
      against: color('against'),
      alarm: color('alarm'),
      accent: color('accent'),
    },
  }
}
