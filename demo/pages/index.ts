import { createDrawing } from '../drawing/drawing.js'
import { createImagePage } from '../image-page.js'
import { registerElements } from '../register-elements.js'

registerElements()

const page = createImagePage({
  dataSet: 'mnist',
  noun: { one: 'digit', many: 'digits' },
  parts: 'strokes',
  hasMap: true,
  classNames: ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'],
  picked: () => {
    drawing.end()
  },
})
const drawing = createDrawing((pixels) => {
  page.ask(pixels)
})
