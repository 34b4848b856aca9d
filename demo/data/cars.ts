/** A car of Auto MPG, as in `cars.json`. */
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
  /** Computed from the training cars. */
  readonly scaling: Scaling
}

export interface CarTable {
  readonly label: { readonly name: string; readonly unit: string }
  /** The numeric features of a row, starting with the cylinders. */
  readonly features: readonly CarFeature[]
  /** The values of a row's last column. Each is a separate input. */
  readonly origins: readonly { readonly name: string; readonly share: number }[]
  readonly training: readonly CarRow[]
  readonly heldOut: readonly CarRow[]
}

const firstFeature = 2
const originColumn = 8

/**
 * The numeric features of a car, in the units of `features`. The model's inputs are standardized.
 */
export function carNumbers(row: CarRow): number[] {
  return row.slice(firstFeature, originColumn) as number[]
}

export function carOrigin(row: CarRow): string {
  return row[originColumn]
}

export function milesPerGallon(row: CarRow): number {
  return row[1]
}

/** The model's inputs for the cars: standardized numbers and a one-hot origin. */
export function encodeCars(
  rows: readonly CarRow[],
  { features, origins }: Pick<CarTable, 'features' | 'origins'>,
): Float32Array {
  return Float32Array.from(
    rows.flatMap((row) => [
      ...carNumbers(row).map((value, i) => standardize(value, features[i]!.scaling)),
      ...origins.map(({ name }) => (name === carOrigin(row) ? 1 : 0)),
    ]),
  )
}

/** The model's input for the average training car: means, and the share of each origin. */
export function averageCar({
  features,
  origins,
}: Pick<CarTable, 'features' | 'origins'>): Float32Array {
  return Float32Array.from([...features.map(() => 0), ...origins.map(({ share }) => share)])
}

function standardize(value: number, { mean, standardDeviation }: Scaling): number {
  return (value - mean) / standardDeviation
}
