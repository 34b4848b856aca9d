import type { NdArray } from 'gradlens'
import { formatCount, formatFixed } from 'gradlens/elements'
import {
  averageCar,
  carNumbers,
  carOrigin,
  encodeCars,
  milesPerGallon,
  type CarRow,
  type CarTable,
} from '../data/cars.js'
import { fetchJson } from '../data/fetch.js'
import { loadTraining } from '../data/images.js'
import { find, setText } from '../dom.js'
import { ExplainedPage } from '../explained-page.js'
import type { ExplanationParts } from '../explaining/page-attribution.js'
import { registerElements } from '../register-elements.js'
import { createChoices, type Choice, type Choices } from '../views/choices.js'
import { createGuess } from '../views/guess.js'

registerElements()

interface CarsTraining {
  readonly heldOut: {
    readonly count: number
    readonly r2: number
    readonly meanAbsoluteError: number
  }
  readonly training: { readonly count: number }
  readonly parameterCount: number
  /** The predictions for the held-out cars, in their order. */
  readonly heldOutPredictions: readonly number[]
}

interface Data {
  readonly table: CarTable
  readonly training: CarsTraining
}

const noun = { one: 'car', many: 'cars' } as const
const referenceCount = 314
/** Short names, because there are many columns. */
const columnNames = ['car', 'cyl.', 'cu in', 'hp', 'lb', '0–60, s', 'year', 'origin'] as const
/** The number of cars in each group to pick from. */
const perGroup = 6

const guess = createGuess(find('#guess', HTMLElement))
let choices: Choices | undefined
let table: CarTable | undefined
let asked: CarRow | undefined

const page: ExplainedPage<Data> = new ExplainedPage<Data>({
  dataSet: 'cars',
  noun,
  unit: 'mpg',
  references: referenceCount,
  referenceCounts: [100],
  delta: {
    baseline: 'the average car',
    output: () => 'the prediction',
    unit: ' mpg',
    decimals: 2,
  },
  async load(folder, signal) {
    const [loaded, training] = await Promise.all([
      fetchJson<CarTable>(new URL('cars.json', folder), signal),
      loadTraining<CarsTraining>(folder),
    ])
    return { table: loaded, training }
  },
  listReferences: ({ table: loaded }) => ({
    x: inputOf(loaded.training, loaded),
    y: {
      data: Float32Array.from(loaded.training, milesPerGallon),
      shape: [loaded.training.length, 1],
    },
  }),
  baseline({ table: loaded }) {
    const data = averageCar(loaded)
    return { data, shape: [1, data.length] }
  },
  ready({ table: loaded, training }) {
    table = loaded
    guess.showTraining(loaded.training.map(milesPerGallon))
    const groups = listChoices(loaded.heldOut, training.heldOutPredictions)
    choices = createChoices(find('#strip', HTMLElement), groups, (index) => {
      page.pick(index)
    })
    setText(find('#model-facts', HTMLElement), describeModel(training))
    return { heldOutCount: loaded.heldOut.length, first: groups[0]?.[0]?.index ?? 0 }
  },
  pick({ table: loaded }, index) {
    const row = loaded.heldOut[index]!
    asked = row
    choices?.mark(index)
    setText(find('#car', HTMLElement), formatName(row))
    setText(
      find('#question-caption', HTMLElement),
      `Held-out car no. ${index}; the model was not trained on it.`,
    )
    return { input: inputOf([row], loaded), truth: milesPerGallon(row) }
  },
  showReferences(element, { table: loaded }, count) {
    const training = loaded.training.slice(0, count)
    element.examples = training.map((row) => [row[0], ...listValues(row)])
    element.trainLabels = training.map(milesPerGallon)
    element.features = nameFeatures(loaded)
    element.columns = columnNames
  },
  predictions: (values) => Array.from(values, (value) => Math.round(value * 10) / 10),
  answered(outputs, { truth = NaN }) {
    guess.show(outputs[0] ?? NaN, truth)
  },
  attribution(explanation) {
    if (asked !== undefined) page.explainer.values = listValues(asked)
    return table === undefined ? explanation : mergeOrigins(explanation, table)
  },
})

function inputOf(rows: readonly CarRow[], of: CarTable): NdArray {
  const data = encodeCars(rows, of)
  return { data, shape: [rows.length, data.length / rows.length] }
}

/** The cars with the greatest and with the smallest errors, the extreme of each first. */
function listChoices(heldOut: readonly CarRow[], predictions: readonly number[]): Choice[][] {
  const cars = heldOut.map((row, index) => {
    const label = milesPerGallon(row)
    const error = (predictions[index] ?? NaN) - label
    const note = `${formatFixed(label, 0)} mpg, ${error < 0 ? '' : '+'}${formatFixed(error, 1)}`
    return { index, text: formatName(row), note, magnitude: Math.abs(error) }
  })
  cars.sort((a, b) => b.magnitude - a.magnitude || a.index - b.index)
  return [cars.slice(0, perGroup), cars.slice(-perGroup).reverse()]
}

function formatName([name, , , , , , , year]: CarRow): string {
  return `${name}, ${year}`
}

function listValues(row: CarRow): (number | string)[] {
  return [...carNumbers(row), carOrigin(row)]
}

function nameFeatures({ features }: CarTable): string[] {
  return [...features.map(addUnit), 'Origin']
}

function addUnit({ name, unit }: { readonly name: string; readonly unit: string }): string {
  return unit === '' ? name : `${name}, ${unit}`
}

/** Adds up the attributions of the inputs for the origins, which are one feature to the user. */
function mergeOrigins({ meta, data }: ExplanationParts, { features }: CarTable): ExplanationParts {
  const { attributions } = data as { readonly attributions: readonly NdArray[] }
  const values = Array.from(attributions[0]?.data ?? [])
  const origin = values.slice(features.length).reduce((sum, value) => sum + value, 0)
  const merged = Float32Array.from([...values.slice(0, features.length), origin])
  const shape = [1, merged.length]
  return { meta, data: { ...data, attributions: [{ data: merged, shape }] } }
}

function describeModel({ parameterCount, training, heldOut }: CarsTraining): string {
  return (
    `The model: ${formatCount(parameterCount)} parameters, trained on ${formatCount(training.count)} cars; mean error ` +
    `${formatFixed(heldOut.meanAbsoluteError, 1)} mpg on ${formatCount(heldOut.count)} held-out cars ` +
    `(R² ${formatFixed(heldOut.r2, 2)}).`
  )
}
