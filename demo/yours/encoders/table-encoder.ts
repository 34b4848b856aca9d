import type { ArraySpec, NdArray } from 'gradlens'
import type { Column, RawLabels, Table } from '../data/data-set.js'
import { TableEncoding, type FormField } from '../data/encode-table.js'
import { FileError } from '../files/named-file.js'
import { describeParts } from '../models/join-inputs.js'
import type { Asked, EncodedExample, Encoder, EncodingPlan, ShownExamples } from './encoder.js'

/** What the model says of its numbers. */
export interface TableModel {
  readonly dtype?: 'float32' | 'int32'
  /** The inputs among which the columns are divided, if there are several. */
  readonly parts?: readonly ArraySpec[] | undefined
}

/** Rows of a table as a vector of numbers each. */
export class TableEncoder implements Encoder {
  readonly problems = []
  readonly labels: RawLabels
  readonly #table: Table
  readonly #encoding: TableEncoding
  readonly #dtype: 'float32' | 'int32'

  /** @throws FileError if the columns become another number of numbers than the model takes */
  constructor(
    table: Table,
    plan: EncodingPlan['table'],
    size: number | null,
    { dtype = 'float32', parts = [] }: TableModel = {},
  ) {
    this.#dtype = dtype
    this.#table = table
    this.#encoding = new TableEncoding(table, plan)
    this.labels = readLabelColumn(table, plan.label)
    const { length } = this.#encoding.names
    if (size !== null && length !== size) {
      throw new FileError(
        `The model takes ${size} numbers${parts.length > 0 ? ` in the order ${describeParts(parts)}` : ''}, but these columns become ${length}: ${this.#encoding.widths.join(', ')}. ` +
          'A column of text becomes one number per value. Choose the columns that the model was trained on.',
      )
    }
  }

  get count(): number {
    return this.#table.rowCount
  }

  get featureNames(): readonly string[] {
    return this.#encoding.names
  }

  encode(start: number, end: number): NdArray {
    return this.#cast(this.#encoding.encode(start, end))
  }

  ask(asked: Asked): EncodedExample {
    if (asked.kind === 'example') {
      const { index } = asked
      return { x: this.encode(index, index + 1), cells: this.#encoding.cells(index) }
    }
    if (asked.kind !== 'row')
      throw new FileError('The model takes rows of a table. Fill in the form.')
    return {
      x: this.#cast(this.#encoding.parse(asked.cells)),
      cells: this.#encoding.typedCells(asked.cells),
    }
  }

  show(indices: readonly number[]): ShownExamples {
    return indices.map((index) => this.#encoding.cells(index))
  }

  picture(): Promise<null> {
    return Promise.resolve(null)
  }

  flat(): null {
    return null
  }

  form(index: number): readonly FormField[] {
    return this.#encoding.form(index)
  }

  #cast({ data, shape }: NdArray): NdArray {
    return this.#dtype === 'int32' ? { data: Int32Array.from(data), shape } : { data, shape }
  }
}

/** The labels in a column. */
export function readLabelColumn(table: Table, name: string | null): RawLabels {
  if (name === null) return { kind: 'none' }
  const column = table.columns.find((own) => own.name === name)
  if (column === undefined) throw new FileError(`The table has no column '${name}'.`)
  return labelsOf(column)
}

function labelsOf(column: Column): RawLabels {
  switch (column.kind) {
    case 'number':
      return { kind: 'numbers', data: column.cells, width: 1 }
    case 'text':
      return { kind: 'names', names: column.cells }
    case 'list':
      return { kind: 'numbers', data: column.cells.flat(), width: column.width }
  }
}
