import type { ReactiveController, ReactiveControllerHost } from 'lit'

export type Rgb = readonly [red: number, green: number, blue: number]

/** The colours that CSS gives the element now, for what CSS does not draw. */
export interface Theme {
  /** Whether its paper is dark. */
  readonly isDark: boolean
  readonly paper: Rgb
  readonly ink: Rgb
  readonly inkQuiet: Rgb
  readonly rule: Rgb
  readonly ruleStrong: Rgb
  readonly wash: Rgb
  readonly accent: Rgb
  readonly positive: Rgb
  readonly negative: Rgb
  /** Grounds on which ink is legible. */
  readonly positiveTint: Rgb
  readonly negativeTint: Rgb
}

/**
 * Follows the theme of its host, whatever changes it: the visitor's preference, a class on the page, a token. CSS tells
 * of that by a transition on a hidden element, since canvases do not follow CSS by themselves.
 */
export class ThemeController implements ReactiveController {
  readonly #host: ReactiveControllerHost & { readonly renderRoot: HTMLElement | DocumentFragment }
  readonly #preference = matchMedia('(prefers-color-scheme: dark)')
  readonly #changed = (): void => {
    this.#host.requestUpdate()
  }

  constructor(
    host: ReactiveControllerHost & { readonly renderRoot: HTMLElement | DocumentFragment },
  ) {
    this.#host = host
    host.addController(this)
  }

  hostConnected(): void {
    this.#preference.addEventListener('change', this.#changed)
    this.#host.renderRoot.addEventListener('transitionend', this.#heard)
    // The element may have moved to a place with another theme.
    this.#changed()
  }

  hostDisconnected(): void {
    this.#preference.removeEventListener('change', this.#changed)
    this.#host.renderRoot.removeEventListener('transitionend', this.#heard)
  }

  /** As it is now; once the host has rendered. */
  read(): Theme {
    const probe = this.#host.renderRoot.querySelector('.theme-probe')
    if (probe === null) return defaultTheme
    const style = getComputedStyle(probe)
    const paper = rgbOf(style.backgroundColor)
    return {
      isDark: 0.2126 * paper[0] + 0.7152 * paper[1] + 0.0722 * paper[2] < 128,
      paper,
      ink: rgbOf(style.color),
      inkQuiet: rgbOf(style.textDecorationColor),
      rule: rgbOf(style.borderTopColor),
      ruleStrong: rgbOf(style.borderRightColor),
      wash: rgbOf(style.borderBottomColor),
      accent: rgbOf(style.borderLeftColor),
      positive: rgbOf(style.outlineColor),
      negative: rgbOf(style.columnRuleColor),
      positiveTint: rgbOf(style.caretColor),
      negativeTint: rgbOf(style.textEmphasisColor),
    }
  }

  readonly #heard = ({ target }: Event): void => {
    if (target instanceof Element && target.classList.contains('theme-probe')) this.#changed()
  }
}

/** The colours on light paper. */
export const defaultTheme: Theme = {
  isDark: false,
  paper: [255, 255, 255],
  ink: [23, 23, 28],
  inkQuiet: [71, 71, 79],
  rule: [220, 220, 226],
  ruleStrong: [133, 133, 143],
  wash: [243, 243, 246],
  accent: [0, 90, 92],
  positive: [84, 39, 136],
  negative: [179, 88, 6],
  positiveTint: [178, 171, 210],
  negativeTint: [253, 184, 99],
}

export function cssOf([red, green, blue]: Rgb): string {
  return `rgb(${red}, ${green}, ${blue})`
}

const parsed = new Map<string, Rgb>()

/** Any CSS colour; a computed one may be in any colour space. */
export function rgbOf(css: string): Rgb {
  const known = parsed.get(css)
  if (known !== undefined) return known
  const context = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true })
  if (context === null) return [0, 0, 0]
  context.fillStyle = css
  context.fillRect(0, 0, 1, 1)
  const [red = 0, green = 0, blue = 0] = context.getImageData(0, 0, 1, 1).data
  const rgb: Rgb = [red, green, blue]
  parsed.set(css, rgb)
  return rgb
}
