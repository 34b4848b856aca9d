export interface Point {
  readonly x: number
  readonly y: number
}

/** The path of the pen between touching and leaving the pad. */
export type Stroke = readonly Point[]
