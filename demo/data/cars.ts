/** A car of Auto MPG as `cars.json` lists it. */
export type CarRow = readonly [
  name: string,
  milesPerGallon: number,
  cylinders: number,
  displacement: number,
  horsepower: number,
  weight: number,
  acceleration: number,
  year: number,
  origin: string,
]

export interface Scaling {
  readonly mean: number
  readonly standardDeviation: number
}

export interface CarFeature {
  readonly name: string
  readonly unit: string
  /** Of the training cars. */
  readonly scaling: Scaling
}

export interface CarTable {
  readonly label: { readonly name: string; readonly unit: string }
  /** The numbers of a row, from its cylinders on. */
  readonly features: readonly CarFeature[]
  /** The values of a row's last column, each an input of its own. */
  readonly origins: readonly { readonly name: string; readonly share: number }[]
  readonly training: readonly CarRow[]
  readonly heldOut: readonly CarRow[]
}

const firstFeature = 2
const originColumn = 8

/** The numbers of a row that the model takes standardised, in the units of `features`. */
export function carNumbers(row: CarRow): number[] {
  return row.slice(firstFeature, originColumn) as number[]
}

export function carOrigin(row: CarRow): string {
  return row[originColumn]
}

export function milesPerGallon(row: CarRow): number {
  return row[1]
}

/** What the model takes of the cars, one after the other: standardised numbers, and a one for the origin. */
export function encodeCars(
  rows: readonly CarRow[],
  { features, origins }: Pick<CarTable, 'features' | 'origins'>,
): Float32Array {
  return Float32Array.from(
    rows.flatMap((row) => [
      ...carNumbers(row).map((value, i) => standardised(value, features[i]!.scaling)),
      ...origins.map(({ name }) => (name === carOrigin(row) ? 1 : 0)),
    ]),
  )
}

/** The average training car: every number at its mean, and the share of each origin. */
export function averageCar({
  features,
  origins,
}: Pick<CarTable, 'features' | 'origins'>): Float32Array {
  return Float32Array.from([...features.map(() => 0), ...origins.map(({ share }) => share)])
}

function standardised(value: number, { mean, standardDeviation }: Scaling): number {
  return (value - mean) / standardDeviation
}
