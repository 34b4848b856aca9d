import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { ArraySource } from '../../../src/cli/arrays/array-source.js'
import { openNpy } from '../../../src/cli/arrays/npy-source.js'
import { openZarr } from '../../../src/cli/arrays/zarr-source.js'
import { writeNpy } from '../../support/cli.js'

let folder: string
let file: string

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'gradlens-arrays-'))
  file = path.join(folder, 'x.npy')
})

afterEach(() => {
  rmSync(folder, { recursive: true })
})

/** The rows from `start` to `end` − 1, and the array closed. */
async function read(source: ArraySource, start: number, end: number): Promise<unknown> {
  try {
    return await source.read(start, end, {})
  } finally {
    await source.close()
  }
}

describe('a .npy file', () => {
  it.each([
    ['<f4', Float32Array.of(1.5, -2, 3, 4, 5, 6), [3, 4, 5, 6]],
    ['<f8', Float64Array.of(1.5, -2, 3e200, 4, 5, 6), [3e200, 4, 5, 6]],
    ['<i2', Int16Array.of(1, -2, -30000, 4, 5, 6), [-30000, 4, 5, 6]],
    ['<i4', Int32Array.of(1, -2, 70000, 4, 5, 6), [70000, 4, 5, 6]],
    [
      '<i8',
      BigInt64Array.of(1n, 2n, -(2n ** 31n), 2n ** 31n - 1n, 5n, 6n),
      [-(2 ** 31), 2 ** 31 - 1, 5, 6],
    ],
    ['<u8', BigUint64Array.of(1n, 2n, 3n, 4n, 5n, 6n), [3, 4, 5, 6]],
    ['|i1', Int8Array.of(1, 2, -3, 4, 5, 6), [-3, 4, 5, 6]],
    ['|u1', Uint8Array.of(1, 2, 255, 4, 5, 6), [255, 4, 5, 6]],
    ['<u2', Uint16Array.of(1, 2, 65535, 4, 5, 6), [65535, 4, 5, 6]],
    ['<u4', Uint32Array.of(1, 2, 2 ** 32 - 1, 4, 5, 6), [2 ** 32 - 1, 4, 5, 6]],
    ['|b1', Uint8Array.of(0, 1, 1, 0, 1, 0), [1, 0, 1, 0]],
    // The least, the largest, one third, and minus zero: NumPy's figures.
    [
      '<f2',
      Uint16Array.of(0, 0, 0x0001, 0x7bff, 0x3555, 0x8000),
      [2 ** -24, 65504, 0.333251953125, -0],
    ],
  ])('of %s is read by ranges of rows', async (type, data, expected) => {
    for (const version of [1, 2, 3]) {
      writeNpy(file, type, [3, 2], data, { version })
      const source = await openNpy(file)
      expect(source).toMatchObject({ exampleCount: 3, shape: [3, 2] })
      const rows = (await read(source, 1, 3)) as { data: ArrayLike<number>; shape: number[] }
      expect(rows.shape).toEqual([2, 2])
      expect(Array.from(rows.data)).toEqual(expected)
    }
  })

  it('of one column has rows of no shape', async () => {
    writeNpy(file, '<f4', [3], Float32Array.of(1, 2, 3))
    expect(await read(await openNpy(file), 2, 3)).toEqual({ data: Float32Array.of(3), shape: [1] })
  })

  it.each([
    [
      '<f4',
      [2],
      { fortran: true },
      'got fortran_order (column-major); expected row-major. Save numpy.ascontiguousarray(x).',
    ],
    ['>f4', [2], {}, 'got big-endian numbers (dtype >f4); expected little-endian'],
    ['|O', [2], {}, 'got objects (dtype |O)'],
    ['<U7', [2], {}, 'got texts (dtype <U7)'],
    ['<c8', [2], {}, 'got complex numbers (dtype <c8)'],
    ['<M8[ns]', [2], {}, 'got times (dtype <M8[ns])'],
    ['<f4', [], {}, 'got a single number, shape (); expected rows'],
    ['<f4', [2], { version: 4 }, 'got version 4 of the .npy format; expected 1, 2 or 3.'],
    ['<f4', [5], {}, 'The file is truncated: copy it again.'],
  ])('of %s, shape %j, %j is refused', async (type, shape, how, message) => {
    writeNpy(file, type, shape, new Float32Array(2), how)
    await expect(openNpy(file)).rejects.toThrow(message)
    await expect(openNpy(file)).rejects.toThrow(file)
  })

  it('of records is refused, and so are other files', async () => {
    writeNpy(file, "', [('a', '<f4')], '", [2], new Float32Array(2))
    await expect(openNpy(file)).rejects.toThrow('expected little-endian')
    writeFileSync(file, 'PK\x03\x04 a .npz file, say')
    await expect(openNpy(file)).rejects.toThrow("this isn't a .npy file")
  })

  it.each([2n ** 31n, -(2n ** 31n) - 1n, 2n ** 62n])(
    'with the 64-bit integer %s is refused by row, and not cut to 32 bits',
    async (large) => {
      writeNpy(file, '<i8', [3, 2], BigInt64Array.of(1n, 2n, 3n, 4n, 5n, large))
      const source = await openNpy(file)
      expect(await source.read(0, 2, {})).toMatchObject({ data: Int32Array.of(1, 2, 3, 4) })
      await expect(read(source, 1, 3)).rejects.toThrow(
        `${file}, row 2: got ${String(large)}; expected integers of 32 bits.`,
      )
    },
  )

  it('that is truncated while it is read is refused', async () => {
    writeNpy(file, '<f4', [3], Float32Array.of(1, 2, 3))
    const source = await openNpy(file)
    truncateSync(file, 134)
    await expect(read(source, 1, 3)).rejects.toThrow('the file was truncated while it was read')
  })
})

/** Files of a Zarr array. */
function writeFiles(files: Readonly<Record<string, string | Buffer>>): void {
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true })
    writeFileSync(path.join(folder, name), content)
  }
}

const bytes = (data: ArrayBufferView): Buffer =>
  Buffer.from(data.buffer, data.byteOffset, data.byteLength)

const version3 = (dataType: string, more: object = {}): string =>
  JSON.stringify({
    zarr_format: 3,
    node_type: 'array',
    shape: [5, 3],
    data_type: dataType,
    chunk_grid: { name: 'regular', configuration: { chunk_shape: [2, 2] } },
    chunk_key_encoding: { name: 'default', configuration: { separator: '/' } },
    fill_value: 0,
    codecs: [{ name: 'bytes', configuration: { endian: 'little' } }],
    attributes: {},
    ...more,
  })

/** 0 … 14 as [5, 3], in chunks of [2, 2]. */
function chunksOf(make: (values: number[]) => Buffer): Record<string, Buffer> {
  const files: Record<string, Buffer> = {}
  for (const row of [0, 1, 2]) {
    for (const column of [0, 1]) {
      const values = [0, 1, 2, 3].map((i) => {
        const [r, c] = [2 * row + (i >> 1), 2 * column + (i & 1)]
        return r < 5 && c < 3 ? 3 * r + c : 0
      })
      files[`c/${row}/${column}`] = make(values)
    }
  }
  return files
}

describe('a Zarr array', () => {
  it('of version 3 is read by ranges of rows, within chunks and across them', async () => {
    writeFiles({
      'zarr.json': version3('float32'),
      ...chunksOf((values) => bytes(Float32Array.from(values))),
    })
    const source = await openZarr(folder)
    expect(source).toMatchObject({ exampleCount: 5, shape: [5, 3] })
    for (const [start, end] of [
      [0, 1],
      [1, 4],
      [4, 5],
      [0, 5],
    ] as const) {
      const data = Float32Array.from({ length: 3 * (end - start) }, (_, i) => 3 * start + i)
      expect(await source.read(start, end, {})).toEqual({ data, shape: [end - start, 3] })
    }
    await source.close()
  })

  it('of 64-bit integers or truth values is read as numbers; one that does not fit is refused', async () => {
    const big = (values: number[]): Buffer => bytes(BigInt64Array.from(values, BigInt))
    writeFiles({ 'zarr.json': version3('int64'), ...chunksOf(big) })
    expect(await read(await openZarr(folder), 1, 2)).toEqual({
      data: Int32Array.of(3, 4, 5),
      shape: [1, 3],
    })
    writeFiles({ 'c/1/0': bytes(BigInt64Array.of(6n, 7n, 2n ** 40n, 10n)) })
    await expect(read(await openZarr(folder), 3, 4)).rejects.toThrow('row 3: got 1099511627776')
    writeFiles({
      'zarr.json': version3('bool', { fill_value: false }),
      ...chunksOf((values) => Buffer.from(values.map((value) => value % 2))),
    })
    expect(await read(await openZarr(folder), 1, 2)).toEqual({
      data: Uint8Array.of(1, 0, 1),
      shape: [1, 3],
    })
  })

  it('of version 2 is also read, compressed and with missing chunks filled', async () => {
    const metadata = {
      zarr_format: 2,
      shape: [5],
      chunks: [2],
      dtype: '<i4',
      compressor: { id: 'gzip', level: 1 },
      fill_value: 9,
      order: 'C',
      filters: null,
    }
    writeFiles({
      '.zarray': JSON.stringify(metadata),
      '0': gzipSync(bytes(Int32Array.of(1, 2))),
      '2': gzipSync(bytes(Int32Array.of(5, 0))),
    })
    expect(await read(await openZarr(folder), 1, 5)).toEqual({
      data: Int32Array.of(2, 9, 9, 5),
      shape: [4],
    })
  })

  it("is refused if it is column-major, has texts, is a single number or doesn't exist", async () => {
    const metadata = { zarr_format: 2, compressor: null, fill_value: 0, filters: null }
    const write = (more: object): void => {
      writeFiles({ '.zarray': JSON.stringify({ ...metadata, order: 'C', ...more }) })
    }
    write({ shape: [4, 3], chunks: [2, 3], dtype: '<f4', order: 'F' })
    await expect(read(await openZarr(folder), 0, 2)).rejects.toThrow('got column-major data')
    write({ shape: [4], chunks: [2], dtype: '<U5' })
    await expect(openZarr(folder)).rejects.toThrow('got v2:U5; expected numbers, or bool.')
    write({ shape: [], chunks: [], dtype: '<f4' })
    await expect(openZarr(folder)).rejects.toThrow('got a single number, shape []')
    await expect(openZarr(path.join(folder, 'empty'))).rejects.toThrow(
      'expected the folder of an array, which contains zarr.json or .zarray',
    )
  })
})
