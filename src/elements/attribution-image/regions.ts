const names = [
  ['upper left', 'top', 'upper right'],
  ['left', 'middle', 'right'],
  ['lower left', 'bottom', 'lower right'],
] as const

/** One ninth of a picture. */
export interface Region {
  readonly name: string
  /** The sum of its positive values. */
  readonly forIt: number
  /** The magnitude of the sum of its negative values. */
  readonly againstIt: number
}

/** The sums of the nine regions of a picture, row by row: three columns in three rows. */
export function sumRegions(values: ArrayLike<number>, width: number, height: number): Region[] {
  const totals = names.flat().map((name) => ({ name, forIt: 0, againstIt: 0 }))
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const region = totals[findThird(row, height) * 3 + findThird(column, width)]
      const value = values[row * width + column]!
      if (region === undefined) continue
      if (value > 0) region.forIt += value
      else if (value < 0) region.againstIt -= value
    }
  }
  return totals
}

function findThird(position: number, length: number): number {
  return Math.min(2, Math.floor(((position + 0.5) / length) * 3))
}
