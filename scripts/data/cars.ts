/**
 * Writes the demo's cars to public/cars/ from the `cars.json` (Auto MPG) of npm's `vega-datasets`.
 * The package's other 43 MB are not needed:
 *
 *     npm run data:cars [file or address of cars.json]
 */
import { readFileSync } from 'node:fs'
import { argv } from 'node:process'
import { carNumbers, carOrigin, type CarRow, type Scaling } from '../../demo/data/cars.js'
import { DataFolder, sha256 } from './data-folder.js'
import { seededRandom, shuffledIndices } from './random.js'

const SOURCE_ADDRESS = 'https://cdn.jsdelivr.net/npm/vega-datasets@3.2.1/data/cars.json'
const SOURCE_SHA256 = 'f686a53678b21f4231e2f6a5ba7ce5761d9d39204fccdea1caa29fb8c460e319'
const SPLIT_SEED = 1
const HELD_OUT_COUNT = 78

interface SourceCar {
  readonly Name: string
  readonly Miles_per_Gallon: number | null
  readonly Cylinders: number
  readonly Displacement: number
  readonly Horsepower: number | null
  readonly Weight_in_lbs: number
  readonly Acceleration: number
  readonly Year: string
  readonly Origin: string
}

const features = [
  { name: 'Cylinders', unit: '' },
  { name: 'Displacement', unit: 'cu in' },
  { name: 'Horsepower', unit: 'hp' },
  { name: 'Weight', unit: 'lb' },
  { name: 'Seconds from 0 to 60 mph', unit: 's' },
  { name: 'Year', unit: '' },
] as const

/** The complete rows; two cars have no horsepower, and eight no label. */
function readCars(bytes: Uint8Array): CarRow[] {
  const found = sha256(bytes)
  if (found !== SOURCE_SHA256) {
    throw new Error(`cars.json has the SHA-256 ${found}; expected ${SOURCE_SHA256}`)
  }
  const cars = JSON.parse(Buffer.from(bytes).toString('utf8')) as SourceCar[]
  return cars.flatMap((car): CarRow[] => {
    const { Miles_per_Gallon: label, Horsepower: horsepower } = car
    if (label === null || horsepower === null) return []
    const year = new Date(car.Year).getUTCFullYear()
    // Where the package renamed a column, it renamed a car as well.
    const name = car.Name.replace('Accelerationord', 'accord')
    const { Cylinders, Displacement, Weight_in_lbs, Acceleration, Origin } = car
    return [
      [name, label, Cylinders, Displacement, horsepower, Weight_in_lbs, Acceleration, year, Origin],
    ]
  })
}

async function readSource(source: string): Promise<Uint8Array> {
  if (!/^https?:/.test(source)) return readFileSync(source)
  const response = await fetch(source)
  if (!response.ok) throw new Error(`${source}: the server answered ${response.status}`)
  return new Uint8Array(await response.arrayBuffer())
}

function scalingOf(values: readonly number[]): Scaling {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length
  return { mean, standardDeviation: Math.sqrt(variance) }
}

const cars = readCars(await readSource(argv[2] ?? SOURCE_ADDRESS))
const order = shuffledIndices(cars.length, seededRandom(SPLIT_SEED))
const taken = Array.from(order, (index) => cars[index]!)
const training = taken.slice(0, -HELD_OUT_COUNT)
const heldOut = taken.slice(-HELD_OUT_COUNT)
const origins = [...new Set(training.map(carOrigin))].sort()

const folder = new DataFolder('cars')
await folder.writeJson('cars.json', {
  source: {
    name: 'Auto MPG',
    package: 'vega-datasets',
    version: '3.2.1',
    url: 'https://github.com/vega/vega-datasets',
    licence: 'BSD-3-Clause',
    licenceFile: 'LICENSE',
    exampleCount: cars.length,
  },
  splitSeed: SPLIT_SEED,
  label: { name: 'Miles per gallon', unit: 'mpg' },
  features: features.map((feature, i) => ({
    ...feature,
    scaling: scalingOf(training.map((row) => carNumbers(row)[i]!)),
  })),
  origins: origins.map((name) => ({
    name,
    share: training.filter((row) => carOrigin(row) === name).length / training.length,
  })),
  training,
  heldOut,
})
console.log(`${training.length} training and ${heldOut.length} held-out cars in ${folder.path}`)
