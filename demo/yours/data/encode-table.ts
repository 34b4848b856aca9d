import type { NdArray } from 'gradlens'
import { FileError } from '../files/named-file.js'
import type { Column, Table } from './data-set.js'

export interface TablePlan {
  readonly features: readonly string[]
  /** 'standard' subtracts the mean of each column of numbers and divides by its deviation. */
  readonly scaling: 'none' | 'standard'
}

/** How one column becomes numbers. */
interface FeatureEncoding {
  readonly column: Column
  /** The names of the numbers that it becomes. */
  readonly names: readonly string[]
  readonly encode: (row: number) => readonly number[]
  /** Reads what a visitor typed. @throws FileError */
  readonly parse: (text: string) => readonly number[]
  /** The value to begin with in a form. */
  readonly text: (row: number) => string
}

/** A table as the model takes it. */
export class TableEncoding {
  readonly #features: readonly FeatureEncoding[]

  /** @throws FileError for a column that the table doesn't have */
  constructor(table: Table, { features, scaling }: TablePlan) {
    this.#features = features.map((name) => {
      const column = table.columns.find((own) => own.name === name)
      if (column === undefined) throw new FileError(`The table has no column '${name}'.`)
      return encodeColumn(column, scaling)
    })
  }

  /** The names of the model's numbers: 'Weight', 'Origin = USA'. */
  get names(): readonly string[] {
    return this.#features.flatMap(({ names }) => names)
  }

  /** How many numbers each column becomes: 'Origin 3'. */
  get widths(): readonly string[] {
    return this.#features.map(({ column, names }) => `${column.name} ${names.length}`)
  }

  encode(start: number, end: number): NdArray {
    const width = this.names.length
    const data = new Float32Array((end - start) * width)
    for (let row = start; row < end; row++) {
      data.set(
        this.#features.flatMap(({ encode }) => encode(row)),
        (row - start) * width,
      )
    }
    return { data, shape: [end - start, width] }
  }

  /** A row that was typed, one text per column. @throws FileError that names the column */
  parse(cells: readonly string[]): NdArray {
    const numbers = this.#features.flatMap(({ parse }, index) => parse(cells[index] ?? ''))
    return { data: Float32Array.from(numbers), shape: [1, numbers.length] }
  }

  /** The columns of a form, with the choices of those that are text. */
  form(row: number): readonly FormField[] {
    return this.#features.map(({ column, text }) => ({
      name: column.name,
      value: text(row),
      choices: column.kind === 'text' ? distinct(column.cells) : undefined,
    }))
  }

  /** The cells of a row as the names have them: numbers, and yes or no for texts. */
  cells(row: number): (number | string)[] {
    return this.#features.flatMap(({ column }): (number | string)[] => {
      if (column.kind === 'number') return [column.cells[row] ?? NaN]
      if (column.kind === 'list') return [...(column.cells[row] ?? [])]
      return distinct(column.cells).map((name) => (name === column.cells[row] ? 'yes' : 'no'))
    })
  }

  /** The cells of a row that was typed. */
  typedCells(cells: readonly string[]): (number | string)[] {
    return this.#features.flatMap(({ column }, index): (number | string)[] => {
      const cell = (cells[index] ?? '').trim()
      if (column.kind === 'text') {
        return distinct(column.cells).map((name) => (name === cell ? 'yes' : 'no'))
      }
      return column.kind === 'number' ? [Number(cell)] : cell.split(/[\s,]+/).map(Number)
    })
  }
}

export interface FormField {
  readonly name: string
  readonly value: string
  /** The values of a column of text; undefined for numbers. */
  readonly choices: readonly string[] | undefined
}

const known = new WeakMap<readonly string[], readonly string[]>()

/** The different texts of a column, in order. */
export function distinct(cells: readonly string[]): readonly string[] {
  let found = known.get(cells)
  if (found === undefined) {
    found = [...new Set(cells)].sort()
    known.set(cells, found)
  }
  return found
}

function encodeColumn(column: Column, scaling: TablePlan['scaling']): FeatureEncoding {
  const { name } = column
  if (column.kind === 'number') {
    const { mean, deviation } =
      scaling === 'standard' ? measure(column.cells) : { mean: 0, deviation: 1 }
    const scale = (value: number): number[] => [(value - mean) / deviation]
    return {
      column,
      names: [name],
      encode: (row) => scale(column.cells[row] ?? NaN),
      parse: (text) => {
        const value = Number(text)
        if (text.trim() !== '' && Number.isFinite(value)) return scale(value)
        throw new FileError(`'${text}' in the field '${name}' is not a number.`)
      },
      text: (row) => String(column.cells[row] ?? ''),
    }
  }
  if (column.kind === 'list') {
    return {
      column,
      names: Array.from({ length: column.width }, (_, index) => `${name} ${index}`),
      encode: (row) => column.cells[row] ?? [],
      parse: (text) => {
        const numbers = text
          .trim()
          .split(/[\s,]+/)
          .map(Number)
        if (numbers.length === column.width && numbers.every(Number.isFinite)) return numbers
        throw new FileError(
          `The field '${name}' takes ${column.width} numbers, separated by spaces.`,
        )
      },
      text: (row) => (column.cells[row] ?? []).join(' '),
    }
  }
  const values = distinct(column.cells)
  const encode = (cell: string | undefined): number[] =>
    values.map((value) => (value === cell ? 1 : 0))
  return {
    column,
    names: values.map((value) => `${name} = ${value}`),
    encode: (row) => encode(column.cells[row]),
    parse: (text) => {
      if (values.includes(text)) return encode(text)
      throw new FileError(`'${text}' in the field '${name}' is none of the table's values.`)
    },
    text: (row) => column.cells[row] ?? '',
  }
}

/** The mean and the standard deviation of the population; a constant column has deviation 1. */
function measure(cells: Float64Array): { mean: number; deviation: number } {
  const mean = cells.reduce((sum, value) => sum + value, 0) / cells.length
  const variance = cells.reduce((sum, value) => sum + (value - mean) ** 2, 0) / cells.length
  return { mean, deviation: Math.sqrt(variance) || 1 }
}
