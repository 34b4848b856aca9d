import { expect, test } from 'vitest'
import { spreadCells } from '../../../demo/photos/heat-map.js'
import { seededNormal } from '../../../src/random.js'

test.each([
  [3, 14, 14],
  [2, 7, 7],
  [5, 28, 14],
])(
  'the map of %i channels of %i × %i cells has the sum of each cell',
  (channels, height, width) => {
    const random = seededNormal(channels)
    const data = Float32Array.from({ length: channels * height * width }, random)
    const map = spreadCells({ data, shape: [1, channels, height, width] })
    expect(map.shape).toEqual([1, 224, 224])
    const [down, across] = [224 / height, 224 / width]
    for (let row = 0; row < height; row++) {
      for (let column = 0; column < width; column++) {
        let expected = 0
        for (let channel = 0; channel < channels; channel++) {
          expected += data[(channel * height + row) * width + column]!
        }
        let sum = 0
        for (let y = row * down; y < (row + 1) * down; y++) {
          for (let x = column * across; x < (column + 1) * across; x++)
            sum += map.data[y * 224 + x]!
        }
        expect(Math.abs(sum - expected)).toBeLessThan(1e-5)
      }
    }
  },
)
