import { expandZips, readZip } from '../files/unzip.js'
import {
  baseName,
  endingOf,
  FileError,
  folderOf,
  listPaths,
  type NamedFile,
} from '../files/named-file.js'
import type { DataSet, PictureFile, RawArray, RawLabels } from './data-set.js'

const pictureEndings = new Set(['png', 'jpg', 'jpeg', 'webp', 'gif', 'bmp', 'avif'])
const tableEndings = ['csv', 'tsv', 'jsonl', 'ndjson']
const labelNames = /^(?:y|labels?|targets?)(?:[_-]?train)?$|^train[_-]?(?:y|labels?)$/i

const expected =
  'Drop pictures in folders (one folder per class), a .csv or .jsonl file, or x.npy and y.npy.'

/**
 * Reads the examples in the dropped files: pictures in folders, a table, or arrays; also in a zip.
 *
 * @throws FileError if there are none, or several kinds
 */
export async function readData(dropped: readonly NamedFile[]): Promise<DataSet> {
  const files = await expandZips(dropped)
  const tables = files.filter(({ path }) => tableEndings.includes(endingOf(path)))
  const arrays = await listArrays(files)
  const pictures = files.filter(({ path }) => pictureEndings.has(endingOf(path)))
  const kinds = [tables, arrays, pictures].filter((list) => list.length > 0)
  if (kinds.length > 1) {
    throw new FileError(
      `There are several kinds of data: ${listPaths(kinds.map((list) => list[0]?.path ?? ''))}. Drop one kind.`,
    )
  }
  if (arrays.length > 0) return readArrays(arrays)
  if (pictures.length > 0) return { kind: 'pictures', pictures: labelPictures(pictures) }
  if (tables.length > 1) {
    throw new FileError(
      `There are ${tables.length} tables: ${listPaths(tables.map(({ path }) => path))}. Drop one of them.`,
    )
  }
  const [table] = tables
  if (table === undefined) {
    const given = listPaths(files.map(({ path }) => path)) || 'this folder'
    const isModel = files.some(({ path }) =>
      ['keras', 'onnx', 'h5', 'pb', 'pt', 'pth'].includes(endingOf(path)),
    )
    throw new FileError(
      `No examples were found in ${given}. ${isModel ? 'This is a model: drop it under Model. ' : ''}${expected}`,
    )
  }
  const source = baseName(table.path)
  if (['jsonl', 'ndjson'].includes(endingOf(table.path))) {
    const { readJsonl } = await import('./read-jsonl.js')
    return { kind: 'table', table: await readJsonl(table), source }
  }
  const { readCsv } = await import('./read-csv.js')
  return { kind: 'table', table: await readCsv(table), source }
}

/** The .npy files, also those in .npz files. */
async function listArrays(files: readonly NamedFile[]): Promise<NamedFile[]> {
  const lists = await Promise.all(
    files.map(async (file) => {
      if (endingOf(file.path) === 'npy') return [file]
      return endingOf(file.path) === 'npz' ? readZip(file) : []
    }),
  )
  return lists.flat()
}

async function readArrays(files: readonly NamedFile[]): Promise<DataSet> {
  const { readNpy } = await import('./read-npy.js')
  const isLabel = ({ path }: NamedFile): boolean =>
    labelNames.test(baseName(path).replace(/\.npy$/, ''))
  const [x, ...further] = files.filter((file) => !isLabel(file))
  const [y, ...furtherY] = files.filter(isLabel)
  if (x === undefined || further.length > 0 || furtherY.length > 0) {
    throw new FileError(
      `Expected one array of examples, x.npy, and one of labels, y.npy; got ${listPaths(files.map(({ path }) => path))}.`,
    )
  }
  const examples = await readNpy(x)
  if (y === undefined) return { kind: 'arrays', x: examples, labels: { kind: 'none' } }
  const labels = await readNpy(y)
  const [count, labelCount] = [examples.shape[0] ?? 1, labels.shape[0] ?? 1]
  if (count !== labelCount) {
    throw new FileError(
      `${baseName(x.path)} has ${count} examples, but ${baseName(y.path)} has ${labelCount} labels. Both need the same number.`,
    )
  }
  return { kind: 'arrays', x: examples, labels: toLabels(labels, count) }
}

function toLabels({ data }: RawArray, count: number): RawLabels {
  return { kind: 'numbers', data, width: data.length / count }
}

/** The class of a picture is the name of its folder. */
function labelPictures(files: readonly NamedFile[]): PictureFile[] {
  return files
    .map(({ path, blob }) => {
      const folder = folderOf(path).slice(0, -1)
      return { path, blob, folder: folder === '' ? undefined : baseName(folder) }
    })
    .sort((a, b) => (a.path < b.path ? -1 : 1))
}
