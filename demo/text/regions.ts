import { imageSide } from '../data/images.js'

const names = [
  ['in the upper left', 'at the top', 'in the upper right'],
  ['on the left', 'in the middle', 'on the right'],
  ['in the lower left', 'at the bottom', 'in the lower right'],
] as const

/** The digit stands in the middle 20 of 28 pixels; each third of those is one region. */
const inner = 20

/** Where in a picture the most of something lies, in words: 'in the lower left'. */
export function regionOfGreatest(amounts: ArrayLike<number>): string {
  const totals = new Float64Array(9)
  for (let offset = 0; offset < imageSide * imageSide; offset++) {
    const region = third(Math.floor(offset / imageSide)) * 3 + third(offset % imageSide)
    totals[region] = (totals[region] ?? 0) + (amounts[offset] ?? 0)
  }
  const greatest = totals.indexOf(Math.max(...totals))
  return names[Math.floor(greatest / 3)]?.[greatest % 3] ?? ''
}

function third(position: number): number {
  const margin = (imageSide - inner) / 2
  return Math.max(0, Math.min(2, Math.floor(((position - margin) / inner) * 3)))
}
