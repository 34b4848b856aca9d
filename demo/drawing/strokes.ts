export interface Point {
  readonly x: number
  readonly y: number
}

/** The way of the pen from down to up. */
export type Stroke = readonly Point[]
