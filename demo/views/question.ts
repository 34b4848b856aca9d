import { drawDigit } from '../charts/pixel-canvas.js'
import { find, setText } from '../dom.js'
import { createDrawingPad } from '../drawing/drawing-pad.js'
import { strokesToDigit } from '../drawing/strokes-to-digit.js'

export interface QuestionView {
  /** Shows one of the held-out digits. */
  showPicked(index: number, pixels: Uint8Array, trueLabel: number): void
}

export interface QuestionHandlers {
  /** The visitor has begun to draw; what was picked is no longer asked about. */
  readonly startDrawing: () => void
  /** A stroke has ended: the drawing as the model sees it. */
  readonly drawn: (pixels: Uint8Array) => void
}

/** The digit that is asked about, or the pad to draw one on, in the same place. */
export function createQuestionView({ startDrawing, drawn }: QuestionHandlers): QuestionView {
  const digit = find('#digit', HTMLCanvasElement)
  const padCanvas = find('#pad', HTMLCanvasElement)
  const caption = find('#question-caption', HTMLElement)
  const drawButton = find('#draw', HTMLButtonElement)
  const asSeen = find('#as-seen', HTMLElement)
  const asSeenCanvas = find('#as-seen canvas', HTMLCanvasElement)

  const pad = createDrawingPad(padCanvas, (strokes) => {
    const pixels = strokesToDigit(strokes)
    drawDigit(asSeenCanvas, pixels)
    asSeen.hidden = false
    setText(caption, 'Your drawing. Go on, or clear it; pick a digit below to leave it.')
    drawn(pixels)
  })

  const beginDrawing = (): void => {
    setMode(true)
    pad.clear()
    padCanvas.focus()
    asSeen.hidden = true
    setText(caption, 'Draw a digit in the square, with mouse, pen or finger.')
    startDrawing()
  }

  const setMode = (drawing: boolean): void => {
    digit.hidden = drawing
    padCanvas.hidden = !drawing
    setText(drawButton, drawing ? 'Clear' : 'Draw one')
    if (!drawing) asSeen.hidden = true
  }

  drawButton.addEventListener('click', beginDrawing)
  drawDigit(digit, [])

  return {
    showPicked(index, pixels, trueLabel): void {
      setMode(false)
      drawDigit(digit, pixels)
      const text = `Held-out digit no. ${String(index)}, labelled ${String(trueLabel)}; the model was not trained on it.`
      setText(caption, text)
      digit.setAttribute('aria-label', text)
    },
  }
}
