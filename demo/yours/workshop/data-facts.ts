import type { DataSet } from '../data/data-set.js'
import { distinct } from '../data/encode-table.js'

export interface ColumnFacts {
  readonly name: string
  readonly kind: 'number' | 'text' | 'list'
  /** How many numbers the column becomes. */
  readonly width: number
  /** How many different texts a column of text has. */
  readonly valueCount: number
}

/** What is known of the examples before they fit a model. */
export type DataFacts =
  | {
      readonly kind: 'pictures'
      readonly count: number
      readonly folders: readonly { readonly name: string; readonly count: number }[]
    }
  | {
      readonly kind: 'table'
      readonly count: number
      readonly source: string
      readonly columns: readonly ColumnFacts[]
    }
  | {
      readonly kind: 'arrays'
      readonly count: number
      readonly shape: readonly number[]
      /** Bytes need a scaling; floats are taken as they are. */
      readonly isBytes: boolean
      readonly hasLabels: boolean
    }

export function describeData(data: DataSet): DataFacts {
  switch (data.kind) {
    case 'pictures': {
      const counts = new Map<string, number>()
      for (const { folder } of data.pictures) {
        if (folder !== undefined) counts.set(folder, (counts.get(folder) ?? 0) + 1)
      }
      return {
        kind: 'pictures',
        count: data.pictures.length,
        folders: [...counts].sort().map(([name, count]) => ({ name, count })),
      }
    }
    case 'table':
      return {
        kind: 'table',
        count: data.table.rowCount,
        source: data.source,
        columns: data.table.columns.map((column) => {
          const valueCount = column.kind === 'text' ? distinct(column.cells).length : 0
          const widths = {
            number: 1,
            text: valueCount,
            list: column.kind === 'list' ? column.width : 0,
          }
          return { name: column.name, kind: column.kind, width: widths[column.kind], valueCount }
        }),
      }
    case 'arrays':
      return {
        kind: 'arrays',
        count: data.x.shape[0] ?? 0,
        shape: data.x.shape.slice(1),
        isBytes: data.x.data instanceof Uint8Array,
        hasLabels: data.labels.kind !== 'none',
      }
  }
}
