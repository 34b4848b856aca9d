import { drawImage } from '../charts/pixel-canvas.js'
import { find, setText } from '../dom.js'
import { createDrawingPad } from './drawing-pad.js'
import { strokesToDigit } from './strokes-to-digit.js'

export interface Drawing {
  /** Something else is shown in its place. */
  end(): void
}

/**
 * Lets the visitor draw in the place of the picture.
 *
 * @param drawn takes the drawing as the model sees it after each stroke; undefined: it is empty
 */
export function createDrawing(drawn: (pixels: Uint8Array | undefined) => void): Drawing {
  const picture = find('#picture', HTMLCanvasElement)
  const padCanvas = find('#pad', HTMLCanvasElement)
  const caption = find('#question-caption', HTMLElement)
  const drawButton = find('#draw', HTMLButtonElement)
  const asSeen = find('#as-seen', HTMLElement)
  const asSeenCanvas = find('#as-seen canvas', HTMLCanvasElement)

  const pad = createDrawingPad(padCanvas, (strokes) => {
    const pixels = strokesToDigit(strokes)
    drawImage(asSeenCanvas, pixels)
    asSeen.hidden = false
    setText(caption, 'Your drawing. Go on, or clear it; pick a digit below to leave it.')
    drawn(pixels)
  })

  const setMode = (drawing: boolean): void => {
    picture.hidden = drawing
    padCanvas.hidden = !drawing
    setText(drawButton, drawing ? 'Clear' : 'Draw one')
    if (!drawing) asSeen.hidden = true
  }

  drawButton.addEventListener('click', () => {
    setMode(true)
    pad.clear()
    padCanvas.focus()
    asSeen.hidden = true
    setText(caption, 'Draw a digit in the square, with mouse, pen or finger.')
    drawn(undefined)
  })

  return {
    end() {
      setMode(false)
    },
  }
}
