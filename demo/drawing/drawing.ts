import { drawImage } from '../charts/pixel-canvas.js'
import { find, setText } from '../dom.js'
import { createDrawingPad } from './drawing-pad.js'
import { strokesToDigit } from './strokes-to-digit.js'

export interface Drawing {
  /** Ends the drawing, because another image is shown. */
  end(): void
}

/**
 * Lets the user draw in the place of the image.
 *
 * @param drawn is called after each stroke with the model's input; undefined: the pad is empty
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
    setText(caption, 'Your drawing. Add strokes, clear it, or pick a digit below.')
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
    setText(caption, 'Draw a digit in the square with the mouse, a pen or a finger.')
    drawn(undefined)
  })

  return {
    end() {
      setMode(false)
    },
  }
}
