import { FileError } from '../files/named-file.js'
import type { Column, Table } from './data-set.js'

/** A cell of a file: text, a number, or a list of numbers. */
export type Cell = string | number | readonly number[]

/**
 * A table of columns. A column is one of numbers if all its cells are.
 *
 * @throws FileError for two columns of one name, and for empty cells
 */
export function createTable(
  file: string,
  names: readonly string[],
  columns: readonly (readonly Cell[])[],
): Table {
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  if (twice !== undefined) throw new FileError(`${file} has two columns with the name '${twice}'.`)
  return {
    columns: columns.map((cells, index) => createColumn(file, names[index] ?? '', cells)),
    rowCount: columns[0]?.length ?? 0,
  }
}

function createColumn(file: string, name: string, cells: readonly Cell[]): Column {
  const empty = cells.flatMap((cell, row) => (cell === '' ? [row + 1] : []))
  if (empty.length > 0) {
    const rows = empty.slice(0, 5).join(', ')
    throw new FileError(
      `${file}: the column '${name}' has no value in ${empty.length === 1 ? 'row' : 'rows'} ${rows}${empty.length > 5 ? ` and ${empty.length - 5} more` : ''}. Fill the cells, or delete these rows.`,
    )
  }
  const lists = cells.map(readList)
  if (lists.every((list) => list !== undefined)) {
    const width = lists[0]?.length ?? 0
    const other = lists.findIndex((list) => list.length !== width)
    if (other >= 0) {
      throw new FileError(
        `${file}: the lists of the column '${name}' have ${width} numbers in row 1 and ${lists[other]?.length ?? 0} in row ${other + 1}. Pad them to one length.`,
      )
    }
    return { name, kind: 'list', cells: lists, width }
  }
  const numbers = Float64Array.from(cells, (cell) => (Array.isArray(cell) ? NaN : Number(cell)))
  return numbers.every(Number.isFinite)
    ? { name, kind: 'number', cells: numbers }
    : { name, kind: 'text', cells: cells.map(String) }
}

/** A list of numbers, also as text: '[4, 17, 2]'. */
function readList(cell: Cell): readonly number[] | undefined {
  if (Array.isArray(cell)) return cell as readonly number[]
  if (typeof cell !== 'string' || !/^\[[-\d.,eE\s]+\]$/.test(cell)) return undefined
  const numbers = cell
    .slice(1, -1)
    .trim()
    .split(/[\s,]+/)
    .map(Number)
  return numbers.every(Number.isFinite) ? numbers : undefined
}
