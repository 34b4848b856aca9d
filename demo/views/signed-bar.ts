import { create } from '../dom.js'

export interface SignedBar {
  readonly element: HTMLElement
  show(value: number, scale: SignedScale): void
}

/** One scale for all bars that stand together; it always contains zero. */
export interface SignedScale {
  readonly min: number
  readonly max: number
}

export function scaleOf(values: readonly number[]): SignedScale {
  return { min: Math.min(0, ...values), max: Math.max(0, ...values) }
}

/** A bar that grows from a marked zero, to the right or (negative) to the left. */
export function createSignedBar(): SignedBar {
  const bar = create('span', 'bar')
  const zero = create('span', 'zero')
  const element = create('span', 'signed-track', bar, zero)
  element.setAttribute('aria-hidden', 'true')
  element.style.setProperty('--zero', '0')
  bar.style.transform = 'scaleX(0)'
  return {
    element,
    show(value, { min, max }): void {
      const extent = max - min
      element.style.setProperty('--zero', String(extent > 0 ? -min / extent : 0))
      bar.style.transform = `scaleX(${String(extent > 0 ? value / extent : 0)})`
      bar.dataset['sign'] = value < 0 ? '-' : '+'
    },
  }
}
