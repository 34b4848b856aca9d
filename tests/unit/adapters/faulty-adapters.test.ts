import type { GradientBlock, NdArray, Predictor, PredictorSession } from 'gradlens'
import { adapterCases, type TestedAdapter } from 'gradlens/testing'
import { expect, it } from 'vitest'
import { testedDenseNet } from '../../support/adapters/tested-dense-net.js'

type Session = PredictorSession<NdArray>

/** The dense net with a session that a fault changes. */
const withFault = (
  change: (session: Session) => Partial<Session>,
  own: Partial<TestedAdapter<NdArray>> = {},
): TestedAdapter<NdArray> => ({
  ...testedDenseNet,
  ...own,
  create: async (model) => {
    const tested = await testedDenseNet.create(model)
    const { predictor } = tested
    const faulty: Predictor<NdArray> = Object.create(predictor, {
      open: {
        value: async (...given: Parameters<Predictor<NdArray>['open']>) => {
          const session = await predictor.open(...given)
          return new Proxy(session, {
            get: (target, name) => {
              const changed = change(target)
              if (name in changed) return changed[name as keyof Session]
              const value: unknown = Reflect.get(target, name)
              return typeof value === 'function' ? (value.bind(target) as unknown) : value
            },
          })
        },
      },
    }) as Predictor<NdArray>
    return { ...tested, predictor: faulty }
  },
})

const swapExamples = (array: NdArray): NdArray => {
  const size = array.data.length / (array.shape[0] ?? 1)
  const data = Float64Array.from(array.data, (_, at) => {
    const row = Math.floor(at / size)
    return array.data[((row + 1) % array.shape[0]!) * size + (at % size)]!
  })
  return { ...array, data }
}

const faults: Readonly<
  Record<string, { readonly adapter: TestedAdapter<NdArray>; title: RegExp }>
> = {
  'predicts for other examples': {
    adapter: withFault((session) => ({
      predict: async (...given) => swapExamples(await session.predict(...given)),
    })),
    title: /^predicts with/,
  },
  'scales the gradient of one example': {
    adapter: withFault((session) => ({
      lossGradients: async (x, labels, loss) => {
        const block = (await session.lossGradients(x, labels, loss)) as GradientBlock
        return {
          ...block,
          segments: block.segments.map((segment) =>
            'delta' in segment
              ? { ...segment, delta: segment.delta.map((value, k) => value * (k < 2 ? 2 : 1)) }
              : segment,
          ),
        }
      },
    })),
    title: /own gradient of/,
  },
  'ignores which outputs are chosen': {
    adapter: withFault((session) => ({
      inputGradients: (x, indices, further) =>
        session.inputGradients(x, new Int32Array(indices.length), further),
    })),
    title: /gradients of outputs by the inputs/,
  },
  'keeps its version when the weights change': {
    adapter: withFault(() => ({ weightsVersion: 7 })),
    title: /^uses changed weights/,
  },
  'answers after dispose': {
    adapter: withFault(() => ({ [Symbol.dispose]: () => undefined })),
    title: /^rejects calls after dispose/,
  },
  'changes the examples that it is given': {
    adapter: withFault((session) => ({
      predict: async (x, ...given) => {
        const output = await session.predict(x, ...given)
        x[0]!.data[0]! += 1
        return output
      },
    })),
    title: /^leaves examples/,
  },
  'returns activations of another layer': {
    adapter: withFault((session) => ({
      activations: (x, further, sites) =>
        session.activations!(
          x,
          further,
          sites.map((site) => ({ ...site, layer: '1' })),
        ),
    })),
    title: /^returns the activations/,
  },
  'offers a method that is not tested': {
    adapter: withFault(() => ({}), { hasLayers: false }),
    title: /^has no activations/,
  },
}

it.each(Object.entries(faults))(
  'an adapter that %s fails a case',
  async (_, { adapter, title }) => {
    const failed: string[] = []
    for (const own of adapterCases(adapter)) {
      await own.run().catch(() => failed.push(own.title))
    }
    expect(failed.some((failedTitle) => title.test(failedTitle))).toBe(true)
  },
)

it('an adapter without faults fails none', async () => {
  for (const { run } of adapterCases(withFault(() => ({})))) await run()
})
