/** Returns up to five names that a mistyped one may mean, the closest first. */
export function findClosestNames(given: string, names: readonly string[]): string[] {
  const distances = new Map(names.map((name) => [name, editDistance(given, name)]))
  return [...distances.keys()]
    .sort((a, b) => distances.get(a)! - distances.get(b)!)
    .slice(0, shownCount)
}

const shownCount = 5

/** Returns how many letters must be inserted, removed or replaced (Levenshtein's distance). */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const replaced = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(replaced, row[j]! + 1, next[j - 1]! + 1))
    }
    row = next
  }
  return row[b.length]!
}
