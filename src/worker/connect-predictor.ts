import { DeviceError, InvalidArgumentError } from '../errors.js'
import { describe } from '../options.js'
import type { LayerSite, OpenOptions, Predictor } from '../predictor.js'
import type { ConnectOptions } from './connect-options.js'
import { type ExplainerWorker, WorkerConnection } from './connection.js'
import type { ModelDescription } from './messages.js'
import type { SessionAbilities } from './hosted-session.js'
import { createRemoteSession } from './remote-session.js'

/**
 * A predictor whose model runs in workers, one pass at a time in each: explainers compute as many batches at once as
 * there are workers, and give the same results. Gradients on webgpu stay in their worker, so the devices are wasm and
 * cpu. Layers are referred to by name.
 *
 * @param workers each runs `exposeExplainers` with the same model. They belong to the predictor, which ends them when it
 *   is disposed
 * @throws what the factory of a worker throws; DeviceError if a worker's script cannot be loaded or exposes nothing
 * @example
 * const start = () =>
 *   new Worker(new URL('./explain-worker.js', import.meta.url), {
 *     type: 'module',
 *   })
 * using predictor = await connectPredictor([start(), start()])
 * const explainer = new GradientSimilarity(predictor, 'categoricalCrossentropy')
 */
export async function connectPredictor(
  workers: ExplainerWorker | readonly ExplainerWorker[],
  options: ConnectOptions = {},
): Promise<Predictor & Disposable> {
  const list = Array.isArray(workers)
    ? (workers as readonly ExplainerWorker[])
    : [workers as ExplainerWorker]
  if (list.length === 0) {
    throw new InvalidArgumentError('workers', 'an empty list', 'one worker or more')
  }
  const connections: WorkerConnection[] = []
  const close = (): void => {
    for (const connection of connections) connection.close()
  }
  try {
    for (const worker of list) connections.push(new WorkerConnection(worker, options))
    const [ready] = await Promise.all(connections.map((connection) => connection.ready))
    const { convolutions, ...model } = ready!
    return {
      ...model,
      findLayer: (argument, reference, at) => findByName(argument, reference, at, convolutions),
      ...(convolutions && { listConvolutions: () => convolutions }),
      open: async (device, { allowSoftware, parameters }) => {
        if (device === 'webgpu') {
          throw new DeviceError(
            'webgpu',
            'webgpu: gradients in GPU buffers stay in their worker; expose the explainers there to use it.',
          )
        }
        const sessions = connections.map((connection) => ({
          connection,
          session: connection.create('ModelSession', [
            ['device', device],
            ['allowSoftware', allowSoftware],
            ['parameters', chosenNames(model, parameters)],
          ]),
        }))
        const answers = await Promise.all(
          sessions.map(({ connection, session }) => connection.call(session, 'abilities', [], {})),
        )
        const abilities = answers.map(({ value }) => value as SessionAbilities)
        if (new Set(abilities.map(({ weightsChecksum }) => weightsChecksum)).size > 1) {
          throw new InvalidArgumentError(
            'workers',
            'models with different weights',
            'the same model in each worker',
          )
        }
        return createRemoteSession(sessions, answers, abilities[0]!)
      },
      [Symbol.dispose]: close,
    }
  } catch (error) {
    close()
    throw error
  }
}

/** The names that a filter keeps, since no function goes into a message; undefined keeps all. */
function chosenNames(
  { parameters }: Pick<ModelDescription, 'parameters'>,
  isChosen: OpenOptions['parameters'],
): readonly string[] | undefined {
  if (isChosen === undefined) return undefined
  return parameters.map(({ name }) => name).filter((name) => isChosen(name))
}

function findByName(
  argument: string,
  reference: unknown,
  at: LayerSite['at'],
  convolutions: readonly LayerSite[] = [],
): LayerSite {
  if (typeof reference === 'string') {
    const known = convolutions.find((site) => site.layer === reference && site.at === at)
    return known ?? { layer: reference, at }
  }
  throw new InvalidArgumentError(
    argument,
    describe(reference),
    "a layer's name: the model is in a worker",
  )
}
