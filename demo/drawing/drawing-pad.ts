import { onThemeChange } from '../charts/theme.js'
import type { Point, Stroke } from './strokes.js'

/**
 * The pen width as a share of the pad's side: about 2.4 of 28 pixels for a digit that fills the
 * pad.
 */
const penShare = 0.075

/** While a stroke is drawn, it is reported this often, so that the answer follows the pen. */
const reportEveryMs = 120

/** The distance that an arrow key moves the pen, as a share of the pad's side. */
const keyStep = 0.04

export interface DrawingPad {
  clear(): void
}

/**
 * Lets the user draw on a canvas with a pointer, or with the arrow keys, which draw while Shift is
 * held. During and after each stroke, `onStroke` is called with all strokes, in 0 … 1 of the pad's
 * side.
 */
export function createDrawingPad(
  canvas: HTMLCanvasElement,
  onStroke: (strokes: readonly Stroke[]) => void,
): DrawingPad {
  let strokes: Point[][] = []
  let pen: Point = { x: 0.5, y: 0.5 }
  let pointerId: number | undefined
  let keyStroke: Point[] | undefined
  let reportedAt = 0

  const reportNow = (): void => {
    reportedAt = performance.now()
    onStroke(strokes)
  }
  const reportSoon = (): void => {
    if (performance.now() - reportedAt >= reportEveryMs) reportNow()
  }

  const draw = (): void => {
    const side = fitToScreen(canvas)
    const context = canvas.getContext('2d')
    if (context === null) return
    context.clearRect(0, 0, side, side)
    context.lineCap = 'round'
    context.lineJoin = 'round'
    context.lineWidth = penShare * side
    context.strokeStyle = getComputedStyle(canvas).color
    for (const stroke of strokes) {
      context.beginPath()
      stroke.forEach(({ x, y }, i) => {
        if (i === 0) context.moveTo(x * side, y * side)
        context.lineTo(x * side, y * side)
      })
      context.stroke()
    }
    if (canvas.matches(':focus-visible')) drawPen(context, pen, side)
  }

  canvas.addEventListener('pointerdown', (event) => {
    if (event.button !== 0 || pointerId !== undefined) return
    event.preventDefault()
    pointerId = event.pointerId
    canvas.setPointerCapture(pointerId)
    strokes.push([getPoint(event, canvas)])
    draw()
  })
  canvas.addEventListener('pointermove', (event) => {
    if (event.pointerId !== pointerId) return
    const coalesced = event.getCoalescedEvents()
    const events = coalesced.length > 0 ? coalesced : [event]
    strokes.at(-1)?.push(...events.map((each) => getPoint(each, canvas)))
    draw()
    reportSoon()
  })
  const lift = (event: PointerEvent): void => {
    if (event.pointerId !== pointerId) return
    pointerId = undefined
    reportNow()
  }
  canvas.addEventListener('pointerup', lift)
  canvas.addEventListener('pointercancel', lift)

  canvas.addEventListener('keydown', (event) => {
    const direction = arrows.get(event.key)
    if (direction === undefined) return
    event.preventDefault()
    if (event.shiftKey && keyStroke === undefined) {
      keyStroke = [pen]
      strokes.push(keyStroke)
    }
    pen = clamp({ x: pen.x + direction.x * keyStep, y: pen.y + direction.y * keyStep })
    if (event.shiftKey) keyStroke?.push(pen)
    draw()
    if (event.shiftKey) reportSoon()
  })
  const endKeyStroke = (): void => {
    if (keyStroke === undefined) return
    keyStroke = undefined
    reportNow()
  }
  canvas.addEventListener('keyup', (event) => {
    if (event.key === 'Shift') endKeyStroke()
  })
  canvas.addEventListener('focus', draw)
  canvas.addEventListener('blur', () => {
    endKeyStroke()
    draw()
  })
  onThemeChange(draw)

  return {
    clear(): void {
      strokes = []
      keyStroke = undefined
      pen = { x: 0.5, y: 0.5 }
      draw()
    },
  }
}

const arrows: ReadonlyMap<string, Point> = new Map([
  ['ArrowLeft', { x: -1, y: 0 }],
  ['ArrowRight', { x: 1, y: 0 }],
  ['ArrowUp', { x: 0, y: -1 }],
  ['ArrowDown', { x: 0, y: 1 }],
])

function getPoint(event: PointerEvent, canvas: HTMLCanvasElement): Point {
  const box = canvas.getBoundingClientRect()
  return clamp({
    x: (event.clientX - box.left) / box.width,
    y: (event.clientY - box.top) / box.height,
  })
}

function clamp({ x, y }: Point): Point {
  return { x: Math.max(0, Math.min(1, x)), y: Math.max(0, Math.min(1, y)) }
}

/** Gives the canvas one pixel per device pixel; returns its side. */
function fitToScreen(canvas: HTMLCanvasElement): number {
  const side = Math.round(canvas.clientWidth * devicePixelRatio)
  if (canvas.width !== side) canvas.width = canvas.height = side
  return side
}

function drawPen(context: CanvasRenderingContext2D, pen: Point, side: number): void {
  context.beginPath()
  context.lineWidth = Math.max(1, side / 150)
  context.arc(pen.x * side, pen.y * side, (penShare * side) / 2 + 3, 0, 2 * Math.PI)
  context.stroke()
}
