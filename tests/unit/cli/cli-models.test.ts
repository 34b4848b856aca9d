import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import * as tf from '@tensorflow/tfjs'
import { expect, it } from 'vitest'
import { loadModel } from '../../../src/cli/load-model.js'
import { writeModelFiles } from '../../support/cli.js'

it('reads all weights, also if the last file is much larger than the first', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'gradlens-models-'))
  const widths = [2, 3, 40]
  const layers = widths
    .slice(1)
    .map((units, at) =>
      at === 0 ? tf.layers.dense({ units, inputShape: [widths[0]!] }) : tf.layers.dense({ units }),
    )
  const model = tf.sequential({ layers })
  const weights = model.weights.map(({ originalName, shape }) => ({
    name: originalName,
    shape: shape as number[],
    data: Float32Array.from({ length: tf.util.sizeFromShape(shape as number[]) }, (_, i) => i + 1),
  }))
  try {
    const modelTopology = model.toJSON(null, false)
    writeModelFiles(folder, { format: 'layers-model', modelTopology }, weights)
    const loaded = await loadModel(tf, folder)
    const read = (loaded.model as tf.LayersModel).getWeights().map((tensor) => tensor.dataSync())
    expect(read).toEqual(weights.map(({ data }) => data))
    loaded.model.dispose()
  } finally {
    model.dispose()
    rmSync(folder, { recursive: true })
  }
})
