import { isRecord } from '../is-record.js'
import { baseName, FileError, type NamedFile } from '../files/named-file.js'
import { createTable, type Cell } from './create-table.js'
import type { Table } from './data-set.js'

/**
 * Reads a JSONL file: one object per line, all with the same keys.
 *
 * @throws FileError that names the line that can't be read
 */
export async function readJsonl(file: NamedFile): Promise<Table> {
  const name = baseName(file.path)
  const rows = (await file.blob.text()).split(/\r?\n/).flatMap((line, index) => {
    if (line.trim() === '') return []
    return [readLine(line, `${name}, line ${index + 1}`)]
  })
  const [first] = rows
  if (first === undefined)
    throw new FileError(`${name} is empty. Expected one JSON object per line.`)
  const keys = Object.keys(first.row)
  for (const { row, at } of rows) {
    const missing = keys.find((key) => !(key in row))
    const further = Object.keys(row).find((key) => !keys.includes(key))
    if (missing !== undefined)
      throw new FileError(`${at} has no '${missing}', which the first line has.`)
    if (further !== undefined)
      throw new FileError(`${at} has '${further}', which the first line doesn't have.`)
  }
  return createTable(
    name,
    keys,
    keys.map((key) => rows.map(({ row, at }) => readCell(row[key], `${at}: '${key}'`))),
  )
}

function readLine(line: string, at: string): { row: Record<string, unknown>; at: string } {
  let row: unknown
  try {
    row = JSON.parse(line)
  } catch (cause) {
    throw new FileError(`${at} is not valid JSON. Expected one object per line.`, { cause })
  }
  if (isRecord(row)) return { row, at }
  throw new FileError(`${at} is not an object. Expected {"column": value, …} on each line.`)
}

function readCell(value: unknown, at: string): Cell {
  if (typeof value === 'string' || typeof value === 'number') return value
  if (typeof value === 'boolean') return Number(value)
  if (value === null) return ''
  if (Array.isArray(value)) {
    const flat = (value as unknown[]).flat(8)
    if (flat.every((number) => typeof number === 'number')) return flat
  }
  throw new FileError(`${at} is neither text, a number nor a list of numbers.`)
}
