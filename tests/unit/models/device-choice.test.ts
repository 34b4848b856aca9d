import {
  type Device,
  type DeviceChoice,
  DeviceError,
  GradientSimilarity,
  IntegratedGradients,
  type NdArray,
  type Predictor,
  type PredictorSession,
  UnsupportedError,
} from 'gradlens'
import { beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest'
import { useDevice } from '../../support/devices/devices.js'
import { errorOf, expectError } from '../../support/refusals.js'
import { classifier, testX } from '../../support/models/small-nets.js'
import { tfjsClassifier } from '../../support/models/tfjs-nets.js'

/** A net that says it runs where it is told to, and counts what it is asked. */
function fakePredictor(
  missing: Partial<Record<Device, Error>>,
  ready: Promise<void> = Promise.resolve(),
): {
  predictor: Predictor<NdArray>
  asked: string[]
  openSessions: () => number
} {
  const net = classifier()
  const asked: string[] = []
  let open = 0
  const predictor: Predictor<NdArray> = {
    ...net,
    open: async (device, { allowSoftware }) => {
      asked.push(allowSoftware ? `${device}, emulated or not` : device)
      await ready
      const error = missing[device]
      if (error !== undefined) throw error
      const session = await net.open('cpu', { allowSoftware })
      open++
      return counted(session, () => open--)
    },
  }
  return { predictor, asked, openSessions: () => open }
}

function counted(
  session: PredictorSession<NdArray>,
  onDispose: () => void,
): PredictorSession<NdArray> {
  let isOpen = true
  return {
    predict: session.predict.bind(session),
    inputGradients: session.inputGradients.bind(session),
    weightsVersion: session.weightsVersion,
    lossGradients: session.lossGradients.bind(session),
    [Symbol.dispose]: () => {
      session[Symbol.dispose]()
      if (isOpen) onDispose()
      isOpen = false
    },
  }
}

const lacks = (device: Device, why: string): DeviceError =>
  new DeviceError(device, `${device}: ${why}.`)
const noWebgpu = lacks('webgpu', 'no adapter')
const noWasm = lacks('wasm', 'the page forbids it')
const noCpu = lacks('cpu', 'no backend')

const explainerOf = (
  predictor: Predictor<NdArray>,
  device: DeviceChoice = 'auto',
): IntegratedGradients<NdArray> => new IntegratedGradients(predictor, { device, nSteps: 2 })

const explain = (explainer: IntegratedGradients<NdArray>): Promise<unknown> =>
  explainer.explain(testX, { target: 0 })

describe('device auto', () => {
  it.each<[Partial<Record<Device, Error>>, Device, string | null, string[]]>([
    [{}, 'webgpu', null, ['webgpu']],
    [{ webgpu: noWebgpu }, 'wasm', 'webgpu: no adapter.', ['webgpu', 'wasm']],
    [
      { webgpu: noWebgpu, wasm: noWasm },
      'cpu',
      'webgpu: no adapter. wasm: the page forbids it.',
      ['webgpu', 'wasm', 'cpu'],
    ],
  ])(
    'takes the first that works, and says why not those before it: %#',
    async (missing, device, reason, order) => {
      const { predictor, asked } = fakePredictor(missing)
      using explainer = explainerOf(predictor)
      await explain(explainer)
      expect(explainer.device).toBe(device)
      expect(explainer.fallbackReason).toBe(reason)
      expect(asked).toEqual(order)
    },
  )

  it('fails with the last device’s reason if none works', async () => {
    const { predictor } = fakePredictor({ webgpu: noWebgpu, wasm: noWasm, cpu: noCpu })
    using explainer = explainerOf(predictor)
    expect(await errorOf(() => explain(explainer))).toBe(noCpu)
    expect(explainer.device).toBeNull()
    expect(explainer.fallbackReason).toBeNull()
  })

  it('falls back only for faults of a device, not of the model', async () => {
    const unsupported = new UnsupportedError('TopK', 'No gradient for TopK.')
    const { predictor, asked } = fakePredictor({ webgpu: unsupported })
    using explainer = explainerOf(predictor)
    expect(await errorOf(() => explain(explainer))).toBe(unsupported)
    expect(asked).toEqual(['webgpu'])
  })

  it('tries again at the next call after a failure', async () => {
    const missing: Partial<Record<Device, Error>> = { webgpu: noWebgpu, wasm: noWasm, cpu: noCpu }
    const { predictor } = fakePredictor(missing)
    using explainer = explainerOf(predictor)
    await errorOf(() => explain(explainer))
    delete missing.wasm
    await explain(explainer)
    expect(explainer.device).toBe('wasm')
    expect(explainer.fallbackReason).toBe('webgpu: no adapter.')
  })
})

describe('a device by name', () => {
  it.each<Device>(['webgpu', 'wasm', 'cpu'])('%s is used and nothing else', async (device) => {
    const { predictor, asked } = fakePredictor({})
    using explainer = explainerOf(predictor, device)
    await explain(explainer)
    expect(explainer.device).toBe(device)
    expect(explainer.fallbackReason).toBeNull()
    expect(asked).toEqual([`${device}, emulated or not`])
  })

  it('that does not work is an error, not another device', async () => {
    const { predictor, asked } = fakePredictor({ wasm: noWasm })
    using explainer = explainerOf(predictor, 'wasm')
    expect(await errorOf(() => explain(explainer))).toBe(noWasm)
    expect(asked.length).toBe(1)
  })
})

describe('the session on the device', () => {
  it('is opened once, at the first call, and closed by dispose', async () => {
    const { predictor, asked, openSessions } = fakePredictor({})
    const explainer = explainerOf(predictor)
    expect(explainer.device).toBeNull()
    expect(explainer.fallbackReason).toBeNull()
    expect(asked).toEqual([])
    await Promise.all([explain(explainer), explain(explainer)])
    await explain(explainer)
    expect(asked).toEqual(['webgpu'])
    expect(openSessions()).toBe(1)
    explainer.dispose()
    expect(openSessions()).toBe(0)
    expect(explainer.device).toBeNull()
  })

  it('is closed if the explainer is disposed or reset while it opens', async () => {
    let open = (): void => undefined
    const gate = (): Promise<void> => new Promise((resolve) => (open = resolve))

    const first = fakePredictor({}, gate())
    const disposed = explainerOf(first.predictor)
    const running = [explain(disposed), explain(disposed)]
    await expect.poll(() => first.asked.length).toBeGreaterThan(0)
    disposed.dispose()
    open()
    for (const call of running) await expectError(() => call, 'DisposedError')
    expect(first.openSessions()).toBe(0)

    const second = fakePredictor({}, gate())
    const third = fakePredictor({})
    using reset = explainerOf(second.predictor)
    const call = explain(reset)
    await expect.poll(() => second.asked.length).toBeGreaterThan(0)
    reset.resetPredictor(third.predictor)
    open()
    await expectError(() => call, 'DisposedError', 'resetPredictor')
    await explain(reset)
    expect(second.openSessions()).toBe(0)
    expect(third.openSessions()).toBe(1)
  })

  it('of the old model is closed by resetPredictor', async () => {
    const first = fakePredictor({})
    const second = fakePredictor({ webgpu: noWebgpu })
    using explainer = explainerOf(first.predictor)
    await explain(explainer)
    explainer.resetPredictor(second.predictor)
    expect(first.openSessions()).toBe(0)
    expect(explainer.device).toBeNull()
    await explain(explainer)
    expect(explainer.device).toBe('wasm')
  })
})

describe('TensorFlow.js in Node', () => {
  beforeAll(() => useDevice('cpu'))

  it('has no WebGPU: auto runs on wasm and gives the reason', async () => {
    using explainer = new GradientSimilarity(tfjsClassifier(), 'sparseCategoricalCrossentropy')
    await explainer.fit(testX, [0, 1])
    await explainer.explain(testX)
    expect(explainer.device).toBe('wasm')
    expect(explainer.fallbackReason).toContain('webgpu: ')
  })

  it('refuses device webgpu by name', async () => {
    using explainer = new IntegratedGradients(tfjsClassifier(), { device: 'webgpu' })
    const call = (): unknown => explainer.explain(testX, { target: 0 })
    const error = await expectError(call, 'DeviceError', 'webgpu: ')
    expect(error).toMatchObject({ device: 'webgpu' })
  })
})

describe('device webgpu', () => {
  it.each([
    ['without WebGPU', undefined, 'WebGPU is not available here'],
    [
      'without an adapter',
      { gpu: { requestAdapter: () => Promise.resolve(null) } },
      'no GPU adapter on this computer',
    ],
  ])('is refused %s, with the way out', async (_, navigator, reason) => {
    vi.stubGlobal('navigator', navigator)
    onTestFinished(() => {
      vi.unstubAllGlobals()
    })
    using explainer = new IntegratedGradients(tfjsClassifier(), { device: 'webgpu' })
    const refused = await expectError(
      () => explainer.explain(testX, { target: 0 }),
      'DeviceError',
      reason,
      "Use device 'wasm', or 'auto'",
    )
    expect(refused).toMatchObject({ device: 'webgpu' })
  })
})
