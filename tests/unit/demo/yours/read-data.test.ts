import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readData } from '../../../../demo/yours/data/read-data.js'
import type { NamedFile } from '../../../../demo/yours/files/named-file.js'
import { writeNpy, zip } from '../../../support/yours/dropped.js'

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)

const file = (path: string, content: string | Uint8Array): NamedFile => ({
  path,
  blob: new Blob([content as BlobPart]),
})

const int32 = (...numbers: number[]): Uint8Array => new Uint8Array(Int32Array.from(numbers).buffer)
const float64 = (...numbers: number[]): Uint8Array =>
  new Uint8Array(Float64Array.from(numbers).buffer)

describe('tables', () => {
  test('a CSV file has the written cells, with any separator and quotes', async () => {
    const word = fc.stringMatching(/^[a-z][a-z ,;"]{0,8}[a-z]$/)
    // −0 is written as 0.
    const row = fc.tuple(
      word,
      fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0),
    )
    await fc.assert(
      fc.asyncProperty(
        fc.array(row, { minLength: 3, maxLength: 12 }),
        fc.constantFrom(',', ';', '\t'),
        fc.constantFrom('\n', '\r\n'),
        async (rows, separator, newline) => {
          const quote = (cell: string): string => `"${cell.replaceAll('"', '""')}"`
          const lines = rows.map(([name, value]) => [quote(name), value].join(separator))
          const text = [['name', 'value'].join(separator), ...lines].join(newline)
          const data = await readData([file('rows.csv', text)])
          if (data.kind !== 'table') throw new Error(data.kind)
          const [names, values] = data.table.columns
          expect(names?.cells).toEqual(rows.map(([name]) => name))
          expect(values?.kind).toBe('number')
          expect([...(values?.cells ?? [])]).toEqual(rows.map(([, value]) => value))
        },
      ),
      { numRuns: 60 },
    )
  })

  test('JSONL has numbers, texts and lists of numbers as columns', async () => {
    const text = '{"x":[1,2],"t":"a","n":1}\n\n{"x":[3,4],"t":"b","n":2.5}\n'
    const data = await readData([file('rows.jsonl', text)])
    expect(data).toMatchObject({
      table: {
        rowCount: 2,
        columns: [
          {
            name: 'x',
            kind: 'list',
            width: 2,
            cells: [
              [1, 2],
              [3, 4],
            ],
          },
          { name: 't', kind: 'text', cells: ['a', 'b'] },
          { name: 'n', kind: 'number' },
        ],
      },
    })
  })
})

describe('arrays', () => {
  test('numbers of every dtype are read, in either order of bytes', async () => {
    const big = Uint8Array.of(0, 0, 0, 7, 255, 255, 255, 254)
    for (const [descr, bytes, expected] of [
      ['<f8', float64(1.5, -2), [1.5, -2]],
      ['<i4', int32(7, -2), [7, -2]],
      ['>i4', big, [7, -2]],
      ['|u1', Uint8Array.of(7, 255), [7, 255]],
      ['|b1', Uint8Array.of(1, 0), [1, 0]],
      ['<i8', new Uint8Array(BigInt64Array.of(7n, -2n).buffer), [7, -2]],
    ] as const) {
      const data = await readData([file('x.npy', writeNpy(descr, [2, 1], bytes))])
      if (data.kind !== 'arrays') throw new Error(data.kind)
      expect([...data.x.data], descr).toEqual(expected)
      expect(data.x.shape).toEqual([2, 1])
    }
  })

  test('labels are the file of that name, also in an .npz and in a zip', async () => {
    const x = writeNpy('<f8', [2, 1], float64(1, 2))
    const y = writeNpy('<i4', [2], int32(1, 0))
    const npz = zip({ 'x_train.npy': x, 'y_train.npy': y })
    for (const files of [
      [file('y.npy', y), file('x.npy', x)],
      [file('data.npz', npz)],
      [file('all.zip', zip({ 'data/data.npz': npz, '__MACOSX/._x.npy': bytesOf('') }))],
    ]) {
      const data = await readData(files)
      expect(data).toMatchObject({ kind: 'arrays', labels: { kind: 'numbers', width: 1 } })
    }
  })
})

test('pictures have the class of their folder, in the order of their paths', async () => {
  const data = await readData([
    file('photos.zip', zip({ 'set/b/1.png': bytesOf('1'), 'set/a/2.jpg': bytesOf('2') })),
  ])
  expect(data).toMatchObject({
    pictures: [
      { path: 'set/a/2.jpg', folder: 'a' },
      { path: 'set/b/1.png', folder: 'b' },
    ],
  })
})

const x = writeNpy('<f8', [2, 1], float64(1, 2))
const refusals: readonly (readonly [string, readonly NamedFile[], RegExp])[] = [
  [
    'a zip that is cut off',
    [file('a.zip', zip({ 'a.csv': bytesOf('a\n1') }).subarray(0, 40))],
    /^a\.zip can't be unpacked: .* cut off/,
  ],
  ['nothing', [], /^No examples were found in this folder/],
  ['a model', [file('m.onnx', '')], /m\.onnx\. This is a model: drop it under Model/],
  [
    'two kinds',
    [file('a.csv', 'a\n1'), file('b.png', '')],
    /^There are several kinds of data: a\.csv, b\.png/,
  ],
  ['two tables', [file('a.csv', ''), file('b.csv', '')], /^There are 2 tables: a\.csv, b\.csv/],
  [
    'a ragged row',
    [file('a.csv', 'a,b\n1,2\n3')],
    /^a\.csv, row 2: 1 cells, but the first line names 2/,
  ],
  ['an empty cell', [file('a.csv', 'a,b\n1,2\n,4')], /the column 'a' has no value in row 2\./],
  ['an open quote', [file('a.csv', 'a,b\n1,2\n"3,4')], /^a\.csv, row 3: Quoted field/],
  ['two columns of one name', [file('a.csv', 'a,a\n1,2')], /two columns with the name 'a'/],
  ['a header alone', [file('a.csv', 'a,b')], /^a\.csv has no rows/],
  ['a broken line', [file('a.jsonl', '{"a":1}\n{"a":')], /^a\.jsonl, line 2 is not valid JSON/],
  ['another key', [file('a.jsonl', '{"a":1}\n{"b":1}')], /^a\.jsonl, line 2 has no 'a'/],
  [
    'lists of two lengths',
    [file('a.jsonl', '{"a":[1]}\n{"a":[1,2]}')],
    /have 1 numbers in row 1 and 2 in row 2/,
  ],
  ['an object in a cell', [file('a.jsonl', '{"a":{"b":1}}')], /^a\.jsonl, line 1: 'a' is neither/],
  [
    'another dtype',
    [file('x.npy', writeNpy('<c16', [1], new Uint8Array(16)))],
    /x\.npy has the dtype <c16.*astype\('float32'\)/,
  ],
  [
    'Fortran order',
    [file('x.npy', writeNpy('<f8', [1, 1], float64(1), true))],
    /Fortran order.*ascontiguousarray/,
  ],
  [
    'an array that is cut off',
    [file('x.npy', x.subarray(0, 140))],
    /^x\.npy has 140 bytes of 144: it is cut off/,
  ],
  ['no array', [file('x.npy', 'text')], /^x\.npy is not a \.npy file/],
  [
    'an integer beyond int32',
    [file('x.npy', writeNpy('<i8', [1], new Uint8Array(BigInt64Array.of(2n ** 40n).buffer)))],
    /1099511627776, which is larger/,
  ],
  [
    'labels of another count',
    [file('x.npy', x), file('y.npy', writeNpy('<i4', [3], int32(1, 2, 3)))],
    /^x\.npy has 2 examples, but y\.npy has 3 labels/,
  ],
  ['labels alone', [file('y.npy', x)], /^Expected one array of examples, x\.npy/],
]

test.each(refusals)('%s is refused by name', async (_, files, message) => {
  await expect(readData(files)).rejects.toThrow(message)
})
