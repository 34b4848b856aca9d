import type { PairTile } from '../products/products.js'

/** Divides pairs of rows into tiles whose buffers take at most `bytes.max`. */
export function divideIntoTiles(
  all: PairTile,
  bytes: { readonly perPair: number; readonly perLeftRow: number; readonly max: number },
): PairTile[] {
  const most = (available: number, each: number, rows: number): number =>
    Math.min(rows, Math.max(1, Math.floor(available / each)))
  const rightLength = most(bytes.max - bytes.perLeftRow, bytes.perPair, all.rightRows)
  const perLeftRow = rightLength * bytes.perPair + bytes.perLeftRow
  const leftLength = most(bytes.max, perLeftRow, all.leftRows)
  const tiles: PairTile[] = []
  for (let left = 0; left < all.leftRows; left += leftLength) {
    for (let right = 0; right < all.rightRows; right += rightLength) {
      tiles.push({
        leftRow: all.leftRow + left,
        leftRows: Math.min(leftLength, all.leftRows - left),
        rightRow: all.rightRow + right,
        rightRows: Math.min(rightLength, all.rightRows - right),
      })
    }
  }
  return tiles
}
