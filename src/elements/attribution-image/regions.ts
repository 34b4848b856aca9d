const names = [
  ['in the upper left', 'at the top', 'in the upper right'],
  ['on the left', 'in the middle', 'on the right'],
  ['in the lower left', 'at the bottom', 'in the lower right'],
] as const

/** What lies in one ninth of a picture. */
export interface Region {
  readonly name: string
  /** The sum of its values above zero. */
  readonly forIt: number
  /** Of those below, as a magnitude. */
  readonly againstIt: number
}

/** The nine thirds by thirds of a picture, row by row. */
export function regionsOf(values: ArrayLike<number>, width: number, height: number): Region[] {
  const totals = names.flat().map((name) => ({ name, forIt: 0, againstIt: 0 }))
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const region = totals[third(row, height) * 3 + third(column, width)]
      const value = values[row * width + column]!
      if (region === undefined) continue
      if (value > 0) region.forIt += value
      else if (value < 0) region.againstIt -= value
    }
  }
  return totals
}

function third(position: number, length: number): number {
  return Math.min(2, Math.floor(((position + 0.5) / length) * 3))
}
