import type { NdArray } from 'gradlens'
import { create } from '../../dom.js'

/** Pictures of fewer pixels are drawn with sharp pixels. */
export const smallSide = 64

/** The picture that was asked about, as the model sees it, in the explainer's place for it. */
export class AskedPicture {
  readonly #explainer: HTMLElement
  readonly #canvas = create('canvas', '')
  readonly #root = create('div', 'asked', create('h2', '', 'What the model sees'), this.#canvas)

  constructor(explainer: HTMLElement) {
    this.#explainer = explainer
    this.#root.slot = 'example'
    this.#canvas.setAttribute('role', 'img')
  }

  /** @param image [height, width, 1 or 3], 0 … 255; undefined without a picture */
  show(image: NdArray | undefined, text: string): void {
    if (image === undefined) {
      this.#root.remove()
      return
    }
    const [height = 1, width = 1, channels = 1] = image.shape
    const drawn = new ImageData(width, height)
    for (let i = 0; i < width * height; i++) {
      for (let channel = 0; channel < 3; channel++) {
        const source = i * channels + (channels === 1 ? 0 : channel)
        drawn.data[4 * i + channel] = image.data[source] ?? 0
      }
      drawn.data[4 * i + 3] = 255
    }
    Object.assign(this.#canvas, { width, height })
    this.#canvas.getContext('2d')?.putImageData(drawn, 0, 0)
    this.#canvas.setAttribute('aria-label', text)
    this.#canvas.classList.toggle('small-picture', width < smallSide)
    this.#explainer.append(this.#root)
  }
}
