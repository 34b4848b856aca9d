import { Explanation, functionPredictor, GradCam, type NdArray, Occlusion } from 'gradlens'
import { onnxPredictor } from 'gradlens/onnx'
import * as ort from 'onnxruntime-node'
import { describe, expect, it } from 'vitest'
import {
  createSignedMap,
  type SignedMapOptions,
} from '../../../src/elements/attribution-image/signed-map.js'
import { chooseViews } from '../../../src/elements/explanation/choose-view.js'
import { readExport, readTorchNet } from '../../support/onnx/torch-nets.js'

const choice = { kind: null, input: null, hasTokens: false, hasTimes: false }
const options: SignedMapOptions = {
  index: 1,
  input: 0,
  image: null,
  labels: ['a', 'b', 'c'],
  sign: 'all',
  clip: 100,
  channels: null,
}

describe('the element for images', () => {
  it('shows class activation maps on their picture, with channels first, also from JSON', async () => {
    const { x } = readTorchNet('cnn')
    using explainer = new GradCam(await onnxPredictor(ort, readExport('cnn', 'legacy')), {
      device: 'native',
    })
    const e = await explainer.explain(x, { target: 1 })
    for (const given of [e, Explanation.fromJSON(JSON.stringify(e))]) {
      expect(chooseViews(given as never, choice)).toEqual([
        { tag: 'gl-attribution-image', input: 0, title: '' },
      ])
      const map = createSignedMap(given as never, options)
      expect([map.height, map.width]).toEqual([12, 12])
      expect(map.target).toBe('b')
      expect(map.image?.shape.slice(0, 2)).toEqual([12, 12])
      const own = e.attributions[0]!.data.subarray(144, 288)
      expect(Float32Array.from(map.values)).toEqual(own)
    }
  })

  it('shows occlusion on a picture of three channels', async () => {
    const brightness = ({ data, shape }: NdArray): number[][] =>
      Array.from({ length: shape[0]! }, (_, i) => {
        const own = data.subarray(i * 192, (i + 1) * 192)
        return [Float32Array.from(own).reduce((sum, value) => sum + value, 0)]
      })
    using explainer = new Occlusion(
      functionPredictor(brightness, { inputs: [{ shape: [8, 8, 3] }] }),
    )
    const x = {
      data: Float32Array.from({ length: 384 }, (_, k) => (k % 7) / 7),
      shape: [2, 8, 8, 3],
    }
    const map = createSignedMap((await explainer.explain(x)) as never, options)
    expect([map.height, map.width]).toEqual([8, 8])
    expect(map.image?.shape).toEqual([8, 8, 3])
    // A window of one pixel hides its three channels.
    const sum = x.data[192]! + x.data[193]! + x.data[194]!
    expect(map.values[0]).toBeCloseTo(sum, 5)
  })
})
