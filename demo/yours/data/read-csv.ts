import Papa from 'papaparse'
import { baseName, FileError, type NamedFile } from '../files/named-file.js'
import type { Table } from './data-set.js'
import { createTable } from './create-table.js'

/**
 * Reads a CSV file whose first line has the names of the columns. The separator is found.
 *
 * @throws FileError for lines with other numbers of cells, and for columns without a name
 */
export async function readCsv(file: NamedFile): Promise<Table> {
  const name = baseName(file.path)
  const { data, errors } = Papa.parse<string[]>((await file.blob.text()).replace(/^\uFEFF/, ''), {
    skipEmptyLines: 'greedy',
  })
  const [broken] = errors.filter(({ type }) => type === 'Quotes')
  if (broken !== undefined) {
    throw new FileError(
      `${name}, row ${(broken.row ?? 0) + 1}: ${broken.message}. Check its quotes.`,
    )
  }
  const [header, ...rows] = data
  if (header === undefined || rows.length === 0) {
    throw new FileError(
      `${name} has no rows. Expected a line with column names, then one line per example.`,
    )
  }
  const names = header.map((cell) => cell.trim())
  const unnamed = names.indexOf('')
  // pandas writes its index as a first column without a name.
  const start = unnamed === 0 ? 1 : 0
  if (unnamed > 0) {
    throw new FileError(`${name}: column ${unnamed + 1} has no name in the first line.`)
  }
  const ragged = rows.findIndex((row) => row.length !== header.length)
  if (ragged >= 0) {
    throw new FileError(
      `${name}, row ${ragged + 1}: ${rows[ragged]?.length ?? 0} cells, but the first line names ${header.length} columns. ` +
        'Check for separators within a cell, which need quotes.',
    )
  }
  return createTable(
    name,
    names.slice(start),
    names.slice(start).map((_, column) => rows.map((row) => row[column + start]?.trim() ?? '')),
  )
}
