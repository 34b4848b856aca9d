import type { NdArray, Predictor, PredictorSession } from 'gradlens'

/** The predictor with some members of its sessions replaced. */
export const withSessions = <Value>(
  predictor: Predictor<Value>,
  change: (session: PredictorSession<Value>) => Partial<PredictorSession<Value>>,
): Predictor<Value> => ({
  ...predictor,
  open: async (device, options) => {
    const session = await predictor.open(device, options)
    const changed = change(session)
    return new Proxy(session, {
      get: (target, name) => {
        if (name in changed) return changed[name as keyof typeof changed]
        const value: unknown = Reflect.get(target, name, target)
        return typeof value === 'function' ? (value.bind(target) as unknown) : value
      },
    })
  },
})

type LossGradients = PredictorSession<NdArray>['lossGradients']

/** The predictor with other loss gradients. */
export const withLossGradients = (
  predictor: Predictor<NdArray>,
  change: (compute: LossGradients) => LossGradients,
): Predictor =>
  withSessions(predictor, (session) => ({
    lossGradients: change(session.lossGradients.bind(session)),
  })) as Predictor
