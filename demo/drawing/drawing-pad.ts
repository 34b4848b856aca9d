import { onThemeChange } from '../charts/theme.js'
import type { Point, Stroke } from './strokes.js'

/** Pen width as a share of the pad's side: what 2.4 of 28 pixels look like when the digit fills the pad. */
const penShare = 0.075

/** How far one press of an arrow key moves the pen, as a share of the pad's side. */
const keyStep = 0.04

export interface DrawingPad {
  clear(): void
}

/**
 * A canvas to draw on: with mouse, pen or finger; or with the arrow keys, which move the pen, and draw
 * while Shift is held. `onStroke` is called with all strokes, in 0 … 1 of the pad's side, after each.
 */
export function createDrawingPad(
  canvas: HTMLCanvasElement,
  onStroke: (strokes: readonly Stroke[]) => void,
): DrawingPad {
  let strokes: Point[][] = []
  let pen: Point = { x: 0.5, y: 0.5 }
  let pointerId: number | undefined
  let keyStroke: Point[] | undefined

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
    strokes.push([pointOf(event, canvas)])
    draw()
  })
  canvas.addEventListener('pointermove', (event) => {
    if (event.pointerId !== pointerId) return
    const coalesced = event.getCoalescedEvents()
    const events = coalesced.length > 0 ? coalesced : [event]
    strokes.at(-1)?.push(...events.map((each) => pointOf(each, canvas)))
    draw()
  })
  const lift = (event: PointerEvent): void => {
    if (event.pointerId !== pointerId) return
    pointerId = undefined
    onStroke(strokes)
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
    pen = within({ x: pen.x + direction.x * keyStep, y: pen.y + direction.y * keyStep })
    if (event.shiftKey) keyStroke?.push(pen)
    draw()
  })
  const endKeyStroke = (): void => {
    if (keyStroke === undefined) return
    keyStroke = undefined
    onStroke(strokes)
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

function pointOf(event: PointerEvent, canvas: HTMLCanvasElement): Point {
  const box = canvas.getBoundingClientRect()
  return within({
    x: (event.clientX - box.left) / box.width,
    y: (event.clientY - box.top) / box.height,
  })
}

function within({ x, y }: Point): Point {
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
