import type { Rgb } from '../base/color/theme.js'
import { findContrast, mix, strengthen } from './contrast.js'

/** The colours of a host page. */
export interface HostColors {
  /** What is behind the element. */
  readonly paper: Rgb
  readonly ink: Rgb | null
  readonly inkQuiet: Rgb | null
  readonly accent: Rgb | null
}

/** The theme that fits a host, and the values of custom properties. */
export interface MatchedColors {
  readonly theme: 'light' | 'dark'
  readonly properties: Readonly<Record<string, Rgb>>
}

/** The contrast of text. */
const textContrast = 7
/** The contrast of lines that must be visible. */
const lineContrast = 3

/**
 * The elements' own colours, as base/tokens.ts has them, and the strongest grounds of words in both
 * palettes.
 */
const own = {
  light: {
    ink: [23, 23, 28],
    inkQuiet: [71, 71, 79],
    accent: [0, 90, 92],
    alarm: [138, 28, 28],
    ruleStrong: [133, 133, 143],
    tints: [
      [178, 171, 210],
      [253, 184, 99],
      [146, 197, 222],
      [244, 165, 130],
    ],
  },
  dark: {
    ink: [236, 236, 241],
    inkQuiet: [182, 182, 193],
    accent: [116, 212, 208],
    alarm: [255, 177, 168],
    ruleStrong: [120, 120, 133],
    tints: [
      [68, 53, 126],
      [94, 52, 8],
      [28, 74, 124],
      [113, 42, 34],
    ],
  },
} as const

const black: Rgb = [0, 0, 0]
const white: Rgb = [255, 255, 255]

/**
 * The colours of the host, as far as text keeps a contrast of 7 : 1 and lines one of 3 : 1. On a
 * grey paper that allows neither, the element keeps its own.
 */
export function matchColors(host: HostColors): MatchedColors {
  const { paper } = host
  const theme = findContrast(paper, white) > findContrast(paper, black) ? 'dark' : 'light'
  const { tints, ...ours } = own[theme]
  const inks = [host.ink, ours.ink, theme === 'dark' ? white : black]
  const ink = inks.find(
    (color) =>
      color !== null &&
      [paper, ...tints].every((ground) => findContrast(color, ground) >= textContrast),
  )
  if (ink === null || ink === undefined) return { theme, properties: {} }
  const wash = tint(paper, ink, 0.06, ink)
  const inkQuiet = strengthen(host.inkQuiet ?? ours.inkQuiet, ink, [paper], textContrast)
  const accent = strengthen(host.accent ?? ours.accent, ink, [paper], textContrast)
  return {
    theme,
    properties: {
      '--gl-paper': paper,
      '--gl-ink': ink,
      '--gl-ink-quiet': inkQuiet,
      '--gl-rule': mix(paper, ink, 0.15),
      '--gl-rule-strong': strengthen(ours.ruleStrong, ink, [paper], lineContrast),
      '--gl-wash': wash,
      '--gl-accent': accent,
      '--gl-accent-wash': tint(paper, accent, 0.12, inkQuiet),
      '--gl-alarm': strengthen(ours.alarm, ink, [paper], textContrast),
    },
  }
}

/** The paper with some colour, as much of it as leaves the text legible. */
function tint(paper: Rgb, color: Rgb, share: number, text: Rgb): Rgb {
  for (let part = share; part > 0; part -= share / 6) {
    const tinted = mix(paper, color, part)
    if (findContrast(text, tinted) >= textContrast) return tinted
  }
  return paper
}
