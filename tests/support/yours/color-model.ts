import * as tf from '@tensorflow/tfjs'
import { createPicture } from './dropped.js'

/** The side of the pictures that the model takes. */
export const side = 16
const colors = { blue: [40, 60, 200], green: [50, 190, 60], red: [210, 60, 50] } as const

/**
 * Seeded, because in about one of four models with other weights every unit is zero for the
 * pictures of a colour, so that their gradients are zero and have no cosine.
 */
const weights = (
  seed: number,
): { kernelInitializer: ReturnType<typeof tf.initializers.glorotUniform> } => ({
  kernelInitializer: tf.initializers.glorotUniform({ seed }),
})

/** A classifier of pictures by their colours, as Teachable Machine nests its models. */
export function colorModel(): tf.Sequential {
  const features = tf.sequential({
    layers: [
      tf.layers.conv2d({
        inputShape: [side, side, 3],
        filters: 4,
        kernelSize: 3,
        activation: 'relu',
        ...weights(4),
      }),
      tf.layers.globalAveragePooling2d({}),
    ],
  })
  const head = tf.sequential({
    layers: [
      tf.layers.dense({ inputShape: [4], units: 8, activation: 'relu', ...weights(5) }),
      tf.layers.dense({ units: 3, activation: 'softmax', useBias: false, ...weights(6) }),
    ],
  })
  return tf.sequential({ layers: [features, head] })
}

/** Some pictures of each colour, in a folder of its name. */
export async function colorPictures(count: number): Promise<Record<string, Uint8Array>> {
  const files: Record<string, Uint8Array> = {}
  for (const [name, color] of Object.entries(colors)) {
    for (let i = 0; i < count; i++) {
      files[`pictures/${name}/${i}.png`] = await createPicture(100 * i + name.length, color, side)
    }
  }
  return files
}
