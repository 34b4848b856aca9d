import * as tf from '@tensorflow/tfjs'
import { zipSync } from 'fflate'
import { encodePng } from '../../../src/report/png.js'
import { seededRandom } from '../random.js'

/** Files by their paths. */
export type Files = Readonly<Record<string, Uint8Array>>

const text = (value: unknown): Uint8Array =>
  new TextEncoder().encode(typeof value === 'string' ? value : JSON.stringify(value))

export const zip = (files: Files): Uint8Array => zipSync({ ...files })

/** A LayersModel in the files of Teachable Machine's export. */
export async function exportModel(
  model: tf.LayersModel,
  labels?: readonly string[],
): Promise<Record<string, Uint8Array>> {
  let files: Record<string, Uint8Array> = {}
  await model.save(
    tf.io.withSaveHandler((artifacts) => {
      const { modelTopology, weightSpecs, weightData } = artifacts
      const weightsManifest = [{ paths: ['weights.bin'], weights: weightSpecs }]
      files = {
        'model.json': text({ modelTopology, weightsManifest }),
        'weights.bin': new Uint8Array(weightData as ArrayBuffer),
      }
      return Promise.resolve({
        modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' as const },
      })
    }),
  )
  if (labels !== undefined) {
    files['metadata.json'] = text({
      tfjsVersion: '1.3.1',
      tmVersion: '2.4.7',
      packageVersion: '0.8.4-alpha2',
      packageName: '@teachablemachine/image',
      timeStamp: '2026-11-30T00:00:00.000Z',
      userMetadata: {},
      modelName: 'tm-my-image-model',
      labels,
      imageSize: 16,
    })
  }
  return files
}

/** A picture of noise around one colour. */
export async function createPicture(
  seed: number,
  color: readonly [number, number, number],
  side = 24,
): Promise<Uint8Array> {
  const random = seededRandom(seed)
  const pixels = new Uint8ClampedArray(4 * side * side)
  for (let i = 0; i < side * side; i++) {
    for (let channel = 0; channel < 3; channel++) {
      pixels[4 * i + channel] = (color[channel] ?? 0) + 80 * (random() - 0.5)
    }
    pixels[4 * i + 3] = 255
  }
  return encodePng({ width: side, height: side, data: pixels })
}

/** A .npy file of NumPy, version 1. */
export function writeNpy(
  descr: string,
  shape: readonly number[],
  data: Uint8Array,
  fortran = false,
): Uint8Array {
  const tuple = shape.length === 1 ? `(${shape[0] ?? 0},)` : `(${shape.join(', ')})`
  const header = `{'descr': '${descr}', 'fortran_order': ${fortran ? 'True' : 'False'}, 'shape': ${tuple}, }`
  const padded = `${header.padEnd(117)}\n`
  return Uint8Array.of(0x93, ...text('NUMPY'), 1, 0, padded.length, 0, ...text(padded), ...data)
}
