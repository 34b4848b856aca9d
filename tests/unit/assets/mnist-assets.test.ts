import { describe } from 'vitest'
import { DataFolder } from '../../../scripts/data/data-folder.js'
import { describeImageAssets } from '../../support/suites/image-assets-suite.js'

describe('the digits and the notebook’s network', () => {
  describeImageAssets(new DataFolder('mnist'), {
    minimumAccuracy: 0.98,
    maximumTotalBytes: 1_300_000,
    layers: [
      'Conv2D',
      'MaxPooling2D',
      'Dropout',
      'Conv2D',
      'MaxPooling2D',
      'Dropout',
      'Flatten',
      'Dense',
      'Dropout',
      'Dense',
    ],
    parameterCount: 412_778,
    bytesPerWeight: 2,
  })
})
