import type { NdArray } from 'gradlens'
import type { GradientRows } from '../../../src/store/zarr/format/gradient-rows.js'
import type { StoreIdentity } from '../../../src/store/zarr/format/store-identity.js'
import { seededRandom, uniform } from '../random.js'

/** Rows with everything that a store can contain. */
interface CompleteRows extends GradientRows {
  readonly ids: NdArray
  readonly examples: readonly NdArray[]
}

export const identity: StoreIdentity = {
  weightsHash: `sha256:${'0'.repeat(64)}`,
  loss: 'categoricalCrossentropy',
  parameters: [
    { name: 'dense/bias', shape: [3] },
    { name: 'dense/kernel', shape: [4, 3] },
    { name: 'embedding', shape: [50, 2] },
  ],
}

/** Rows with a segment of each layout, labels and examples. The numbers of a row don't depend on the others. */
export function exampleRows(exampleCount: number, seed = 1): CompleteRows {
  const random = seededRandom(seed)
  const floats = (rowSize: number): Float32Array => uniform(random, exampleCount * rowSize, [-1, 1])
  return {
    block: {
      exampleCount,
      segments: [
        { kind: 'dense', parameter: 'dense/bias', size: 3, values: floats(3) },
        {
          kind: 'factored',
          parameter: 'dense/kernel',
          positions: 2,
          inputSize: 4,
          outputSize: 3,
          a: floats(8),
          delta: floats(6),
        },
        {
          kind: 'lookup',
          parameter: 'embedding',
          positions: 3,
          rowSize: 2,
          parameterRows: 50,
          indices: Int32Array.from({ length: exampleCount * 3 }, () => Math.floor(random() * 50)),
          delta: floats(6),
        },
      ],
    },
    squaredNorms: Float64Array.from({ length: exampleCount }, random),
    labels: { data: floats(3), shape: [exampleCount, 3] },
    ids: {
      data: Int32Array.from({ length: exampleCount }, (_, i) => 1000 + i),
      shape: [exampleCount],
    },
    examples: [
      {
        data: Uint8Array.from({ length: exampleCount * 4 }, () => Math.floor(random() * 256)),
        shape: [exampleCount, 2, 2],
      },
    ],
  }
}

/** Rows from `start` to `end` − 1. */
export function someRows(rows: CompleteRows, start: number, end: number): CompleteRows {
  const { exampleCount } = rows.block
  const cut = <Data extends { length: number; subarray(start: number, end: number): Data }>(
    data: Data,
  ): Data => {
    const rowSize = data.length / exampleCount
    return data.subarray(start * rowSize, end * rowSize)
  }
  return {
    block: {
      exampleCount: end - start,
      segments: rows.block.segments.map((segment) => {
        switch (segment.kind) {
          case 'dense':
            return { ...segment, values: cut(segment.values) }
          case 'factored':
            return { ...segment, a: cut(segment.a), delta: cut(segment.delta) }
          case 'lookup':
            return { ...segment, indices: cut(segment.indices), delta: cut(segment.delta) }
        }
      }),
    },
    squaredNorms: cut(rows.squaredNorms),
    labels: { data: cut(rows.labels.data as Float32Array), shape: [end - start, 3] },
    ids: { data: cut(rows.ids.data as Int32Array), shape: [end - start] },
    examples: rows.examples.map(({ data }) => ({
      data: cut(data as Uint8Array),
      shape: [end - start, 2, 2],
    })),
  }
}
