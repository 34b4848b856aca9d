import { describe } from 'vitest'
import { DataFolder } from '../../../scripts/data/data-folder.js'
import { describeImageAssets } from '../../support/suites/image-assets-suite.js'

describe('the garments and their small network', () => {
  describeImageAssets(new DataFolder('garments'), {
    minimumAccuracy: 0.85,
    maximumTotalBytes: 1_000_000,
    layers: [
      'Conv2D',
      'MaxPooling2D',
      'Conv2D',
      'MaxPooling2D',
      'Flatten',
      'Dropout',
      'Dense',
      'Dense',
    ],
    parameterCount: 56_714,
    bytesPerWeight: 4,
  })
})
