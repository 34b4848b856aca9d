import { DisposedError, InvalidArgumentError } from '../errors.js'
import { ExpectedGradients } from '../explainers/expected-gradients.js'
import { GradCam } from '../explainers/grad-cam.js'
import { Gradient } from '../explainers/gradient.js'
import { GradientSimilarity } from '../explainers/gradient-similarity.js'
import { IntegratedGradients } from '../explainers/integrated-gradients.js'
import { Occlusion } from '../explainers/occlusion.js'
import type { Explanation } from '../explanation.js'
import { lazyModule } from '../lazy-module.js'
import { describe, type Device, type Progress } from '../options.js'
import type { Predictor } from '../predictor.js'
import { decodeError, encodeError } from './errors.js'
import type {
  ExplainerName,
  ExplainerState,
  FromWorker,
  ToWorker,
  WorkerScope,
} from './messages.js'
import { HostedSession } from './hosted-session.js'
import { ModelOutputs } from './model-outputs.js'
import { OwnedResult, packValue, unpackValue } from './values.js'

/** What a worker explains, and with what. */
export interface Exposed<Value = unknown, Item = never> {
  readonly predictor: Predictor<Value, Item>
  /** What the page refers to by name: loss functions, stores, layers, functions in options, other predictors. */
  readonly values?: Readonly<Record<string, unknown>>
}

interface Explainer extends Partial<ExplainerState> {
  dispose(): void
}

type Create = (predictor: Predictor, given: readonly unknown[]) => Explainer | Promise<Explainer>

const useInfluence = lazyModule(() => import('../influence/index.js'))

const createByClass =
  (Class: unknown): Create =>
  (predictor, given) =>
    new (Class as new (...all: unknown[]) => Explainer)(predictor, ...given)

const creators: Readonly<Record<ExplainerName, Create>> = {
  GradientSimilarity: createByClass(GradientSimilarity),
  'GradientSimilarity.open': (predictor, [store, loss, options]) =>
    GradientSimilarity.open(store as never, predictor, loss as never, options as never),
  InfluenceFunctions: async (predictor, [loss, options]) => {
    const { InfluenceFunctions } = await useInfluence()
    return new InfluenceFunctions(predictor, loss as never, options as never)
  },
  'InfluenceFunctions.open': async (predictor, [store, loss, options]) => {
    const { InfluenceFunctions } = await useInfluence()
    return InfluenceFunctions.open(store as never, predictor, loss as never, options as never)
  },
  TracIn: async (_, [checkpoints, loss, options]) => {
    const { TracIn } = await useInfluence()
    return new TracIn(checkpoints as never, loss as never, options as never)
  },
  'TracIn.open': async (_, [checkpoints, loss, options]) => {
    const { TracIn } = await useInfluence()
    return TracIn.open(checkpoints as never, loss as never, options as never)
  },
  IntegratedGradients: createByClass(IntegratedGradients),
  Gradient: createByClass(Gradient),
  ExpectedGradients: createByClass(ExpectedGradients),
  GradCam: createByClass(GradCam),
  Occlusion: createByClass(Occlusion),
  ModelOutputs: createByClass(ModelOutputs),
  ModelSession: (predictor, [device, allowSoftware, parameters]) =>
    HostedSession.open(
      predictor,
      device as Device,
      allowSoftware as boolean,
      parameters as readonly string[] | undefined,
    ),
}

/**
 * Makes the explainers of a model available to the page that started this worker.
 *
 * @param scope the worker's `self`, or a MessagePort that was started
 * @param factory loads the model; called at once, and once
 * @example
 * exposeExplainers(self, async () =>
 *   tfjsPredictor(await tf.loadLayersModel('model.json')),
 * )
 */
export function exposeExplainers<Value = unknown, Item = never>(
  scope: WorkerScope,
  factory: () =>
    | Promise<Predictor<Value, Item> | Exposed<Value, Item>>
    | Predictor<Value, Item>
    | Exposed<Value, Item>,
): void {
  const exposed = Promise.resolve()
    .then(factory)
    .then((made) => ('predictor' in made ? made : { predictor: made }) as Exposed)
  const server = new ExplainerServer(scope, exposed)
  scope.addEventListener('message', ({ data }) => {
    server.receive(data)
  })
}

/** Does what the page asks for, with one model. */
class ExplainerServer {
  readonly #scope: WorkerScope
  readonly #exposed: Promise<Exposed>
  readonly #explainers = new Map<number, Promise<Explainer>>()
  readonly #calls = new Map<number, AbortController>()
  /** Reads of the page's example sources that are not answered yet. */
  readonly #reads = new Map<
    number,
    { resolve(examples: unknown): void; reject(error: Error): void }
  >()
  #lastRead = 0

  constructor(scope: WorkerScope, exposed: Promise<Exposed>) {
    this.#scope = scope
    this.#exposed = exposed
    this.#introduce()
  }

  receive(message: ToWorker): void {
    switch (message.kind) {
      case 'connect':
        this.#introduce()
        break
      case 'create': {
        const explainer = this.#create(message.name, message.arguments)
        // Each call of an explainer that could not be made rejects with the reason.
        explainer.catch(() => undefined)
        this.#explainers.set(message.explainer, explainer)
        break
      }
      case 'call':
        void this.#answer(message)
        break
      case 'abort':
        this.#calls.get(message.id)?.abort()
        break
      case 'dispose':
        void this.#dispose(message.explainer)
        break
      case 'close':
        for (const number of this.#explainers.keys()) void this.#dispose(number)
        break
      case 'examples':
        void this.#resume(message)
        break
      case 'no examples':
        this.#reads.get(message.read)?.reject(decodeError(message.error))
        this.#reads.delete(message.read)
        break
    }
  }

  /** Tells the page that explainers are exposed and, once it is loaded, what the model is. */
  #introduce(): void {
    this.#send({ kind: 'exposed' })
    this.#exposed.then(
      ({ predictor }) => {
        const { name, inputs, output, parameters, devices } = predictor
        const convolutions = predictor.listConvolutions?.()
        this.#send({
          kind: 'ready',
          model: { name, inputs, output, parameters, devices, convolutions },
        })
      },
      (error: unknown) => {
        this.#send({ kind: 'failed', error: encodeError(error) })
      },
    )
  }

  #send(message: FromWorker, transfer: ArrayBuffer[] = []): void {
    this.#scope.postMessage(message, { transfer })
  }

  async #create(name: ExplainerName, given: readonly unknown[]): Promise<Explainer> {
    const { predictor } = await this.#exposed
    return creators[name](predictor, await Promise.all(given.map((value) => this.#unpack(value))))
  }

  async #resume({ read, examples }: ToWorker & { kind: 'examples' }): Promise<void> {
    const waiting = this.#reads.get(read)
    this.#reads.delete(read)
    waiting?.resolve(await this.#unpack(examples))
  }

  async #dispose(number: number): Promise<void> {
    const explainer = this.#explainers.get(number)
    this.#explainers.delete(number)
    const made = await explainer?.catch(() => undefined)
    made?.dispose()
  }

  async #answer({ id, explainer, method, ...call }: ToWorker & { kind: 'call' }): Promise<void> {
    const controller = new AbortController()
    this.#calls.set(id, controller)
    try {
      const given = await Promise.all(call.arguments.map((value) => this.#unpack(value)))
      const options = {
        ...((await this.#unpack(call.options)) as object),
        signal: controller.signal,
        onProgress: (progress: Progress) => {
          this.#send({ kind: 'progress', id, progress })
        },
      }
      const made = await this.#explainers.get(explainer)
      if (made === undefined)
        throw new DisposedError('This explainer was disposed; create a new one.')
      const result = await callMethod(made, method, [...given, options])
      const { value, transfer } =
        result instanceof OwnedResult
          ? await packValue('', result.value, { isOwned: true })
          : await packValue('', contentOf(result, made))
      this.#send({ kind: 'result', id, value, state: readState(made) }, transfer)
    } catch (error) {
      this.#send({ kind: 'failure', id, error: encodeError(error) })
    } finally {
      this.#calls.delete(id)
    }
  }

  async #unpack(packed: unknown): Promise<unknown> {
    const { values = {} } = await this.#exposed
    const find = (name: string): unknown => {
      if (Object.hasOwn(values, name)) return values[name]
      const names = Object.keys(values).join(', ') || 'none'
      throw new InvalidArgumentError(
        'value',
        describe(name),
        `a name in the worker's values: ${names}`,
      )
    }
    return unpackValue(packed, find, (source, exampleCount) => ({
      exampleCount,
      read: (start: number, end: number): Promise<unknown> =>
        new Promise((resolve, reject) => {
          const read = this.#lastRead++
          this.#reads.set(read, { resolve, reject })
          this.#send({ kind: 'read', read, source, start, end })
        }),
    }))
  }
}

async function callMethod(
  made: Explainer,
  method: string,
  given: readonly unknown[],
): Promise<unknown> {
  if (method === 'ready') return undefined
  if (method === 'rankSuspectLabels') {
    const { rankSuspectLabels } = await useInfluence()
    return (rankSuspectLabels as (...all: unknown[]) => unknown)(made, ...given)
  }
  const methods = made as unknown as Readonly<Record<string, (...all: unknown[]) => unknown>>
  return methods[method]!.call(made, ...given)
}

/** Returns what a message carries of a result: an explanation's two parts; nothing for the explainer itself. */
function contentOf(result: unknown, explainer: Explainer): unknown {
  if (result === explainer) return undefined
  if (typeof result !== 'object' || result === null) return result
  if (!('meta' in result && 'data' in result && 'toJSON' in result)) return result
  const { meta, data } = result as Explanation
  // A function, a loss say, is its name.
  const params = Object.entries(meta.params).map(([key, value]) => [
    key,
    typeof value === 'function' ? value.name : value,
  ])
  return { meta: { ...meta, params: Object.fromEntries(params) as object }, data }
}

function readState({
  device = null,
  fallbackReason = null,
  gradientBytes = 0,
  weightsVersion = 0,
}: Explainer): ExplainerState {
  return { device, fallbackReason, gradientBytes, weightsVersion }
}
