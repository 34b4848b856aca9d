import * as ort from 'onnxruntime-node'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { Device, Predictor } from 'gradlens'
import { onnxPredictor } from 'gradlens/onnx'
import { describe, expect, it } from 'vitest'
import { assertNotLost, raceLoss } from '../../../src/race-loss.js'
import { useDevice } from '../../support/devices/devices.js'
import { lossGradients } from '../../support/gradients/host-block.js'
import { trainX } from '../../support/models/small-nets.js'
import { tfjsClassifier } from '../../support/models/tfjs-nets.js'
import { bytesOf, floats, nodeOf } from '../../support/onnx/onnx-models.js'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as (options: { execution: 'async' }) => Promise<void>

describe('a race with the loss of a device', () => {
  const never = new Promise<never>(() => undefined)
  const refused = new Error('lost')
  const after = async (): Promise<never> => {
    await Promise.resolve()
    throw refused
  }

  it('has the result of the work, or its error', async () => {
    expect(await raceLoss(Promise.resolve(3), never)).toBe(3)
    const error = new Error('failed')
    await expect(raceLoss(Promise.reject(error), never)).rejects.toBe(error)
    await assertNotLost(never)
  })

  it('rejects pending and later work when the device is lost', async () => {
    const lost = after()
    const [first, second] = [raceLoss(never, lost), raceLoss(never, lost)]
    await expect(first).rejects.toBe(refused)
    await expect(second).rejects.toBe(refused)
    for (let call = 0; call < 2; call++) {
      await expect(raceLoss(never, lost)).rejects.toBe(refused)
      await expect(assertNotLost(lost)).rejects.toBe(refused)
    }
  })

  it('has the result of work that ends before the loss is known', async () => {
    const lost = Promise.reject(refused)
    lost.catch(() => undefined)
    expect(await raceLoss(Promise.resolve(3), lost)).toBe(3)
  })
})

describe('a session', () => {
  const linear = (): Promise<Predictor> =>
    onnxPredictor(
      ort,
      bytesOf({
        nodes: [nodeOf('Gemm', ['x', 'w'], 'y')],
        constants: { w: floats([1, 2, 3, 4, 5, 6], [3, 2]) },
        inputs: { x: [3] },
        outputs: ['y'],
      }),
    ) as Promise<Predictor>

  it.each<{ name: string; create: () => Promise<Predictor> | Predictor; device: Device }>([
    { name: 'TensorFlow.js on cpu', create: () => tfjsClassifier(), device: 'cpu' },
    { name: 'TensorFlow.js on wasm', create: () => tfjsClassifier(), device: 'wasm' },
    { name: 'ONNX Runtime', create: linear, device: 'native' },
  ])('of $name keeps no gradients that it returned', async ({ create, device }) => {
    await useDevice('cpu')
    const predictor = await create()
    const session = await predictor.open(device, { allowSoftware: true })
    const x = [{ data: Float32Array.from(trainX.flat()), shape: [trainX.length, 3] }]
    const shape = [trainX.length, predictor.output.shape[0]!]
    const y = { data: new Float32Array(shape[0]! * shape[1]!), shape }
    const compute = async (): Promise<WeakRef<ArrayBufferLike>[]> => {
      const block = await lossGradients(session, x, y, 'meanSquaredError')
      return block.segments.flatMap((segment) =>
        Object.values(segment as object)
          .filter((value) => ArrayBuffer.isView(value))
          .map(({ buffer }) => new WeakRef(buffer)),
      )
    }
    const returned = [...(await compute()), ...(await compute()), ...(await compute())]
    expect(returned.length).toBeGreaterThan(2)
    await collect({ execution: 'async' })
    expect(returned.filter((one) => one.deref() !== undefined)).toEqual([])
    session[Symbol.dispose]()
  })
})
