/** A time step of a shown feature. */
export interface SeriesPoint {
  /** The position of the feature among the shown ones. */
  readonly row: number
  readonly step: number
}

/** A time step of a feature and its attribution. */
export interface StepReadout {
  readonly step: number
  /** The index of the feature. */
  readonly feature: number
  readonly name: string
  readonly value: number
}

/**
 * Moves by a key: left and right by one step, with Shift by ten; up and down by one feature; Home
 * and End to the ends of the series. Null for other keys.
 */
export function moveStep(
  { key, shiftKey, altKey, ctrlKey, metaKey }: KeyboardEvent,
  cursor: SeriesPoint | null,
  { rowCount, stepCount }: { readonly rowCount: number; readonly stepCount: number },
): SeriesPoint | null {
  if (altKey || ctrlKey || metaKey) return null
  const { row, step } = cursor ?? { row: 0, step: 0 }
  const at = (nextRow: number, nextStep: number): SeriesPoint => ({
    row: Math.max(0, Math.min(rowCount - 1, nextRow)),
    step: Math.max(0, Math.min(stepCount - 1, nextStep)),
  })
  // The first key shows where the cursor is.
  const by = cursor === null ? 0 : shiftKey ? 10 : 1
  switch (key) {
    case 'ArrowLeft':
      return at(row, step - by)
    case 'ArrowRight':
      return at(row, step + by)
    case 'ArrowUp':
      return at(row - Math.min(by, 1), step)
    case 'ArrowDown':
      return at(row + Math.min(by, 1), step)
    case 'Home':
      return at(row, 0)
    case 'End':
      return at(row, stepCount - 1)
    default:
      return null
  }
}
