import type { GradientBlock } from '../gradients/block.js'
import type { NdArray } from '../ndarray.js'
import type { NamedWeight, PredictorSession } from '../predictor.js'
import type { Answer, WorkerConnection } from './connection.js'
import type { SessionAbilities } from './hosted-session.js'

/** A session of the model in one worker. */
export interface WorkerSession {
  readonly connection: WorkerConnection
  readonly session: number
}

/**
 * Creates one session from sessions of the same model in several workers. Each call goes to the worker with the fewest
 * calls.
 *
 * @param opened per worker the answer to the first call
 */
export function createRemoteSession(
  workers: readonly WorkerSession[],
  opened: readonly Answer[],
  abilities: SessionAbilities,
): PredictorSession {
  const callCounts = workers.map(() => 0)
  const weightsVersions = opened.map(({ state }) => state.weightsVersion)

  const call = async (
    method: string,
    given: Readonly<Record<string, unknown>>,
  ): Promise<unknown> => {
    const worker = callCounts.indexOf(Math.min(...callCounts))
    const { connection, session } = workers[worker]!
    callCounts[worker]!++
    try {
      const { value, state } = await connection.call(session, method, Object.entries(given), {})
      weightsVersions[worker] = state.weightsVersion
      return value
    } finally {
      callCounts[worker]!--
    }
  }

  const session: PredictorSession = {
    // While the page handles a result, its worker has the next call already.
    concurrency: 2 * workers.length,
    get weightsVersion() {
      return weightsVersions.reduce((sum, version) => sum + version, 0)
    },
    async predict(x, forwardArguments, activations) {
      return (await call('predict', { x, forwardArguments, activations })) as NdArray
    },
    async inputGradients(x, outputIndices, forwardArguments) {
      return (await call('inputGradients', { x, outputIndices, forwardArguments })) as NdArray[]
    },
    async lossGradients(x, labels, lossFn, options) {
      const given = { x, labels, lossFn, ...(options && { options }) }
      const block = (await call('lossGradients', given)) as GradientBlock
      // The message's buffers belong to this block alone.
      return { ...block, release: () => undefined }
    },
    [Symbol.dispose]() {
      for (const { connection, session: number } of workers) connection.dispose(number)
    },
  }
  if (abilities.exampleBytes) {
    session.exampleBytes = async (x, forwardArguments) =>
      (await call('exampleBytes', { x, forwardArguments })) as number
  }
  if (abilities.weights) {
    session.weights = async () => (await call('weights', {})) as readonly NamedWeight[]
  }
  if (abilities.activations) {
    session.activations = async (x, forwardArguments, sites) =>
      (await call('activations', { x, forwardArguments, sites })) as NdArray[][]
  }
  if (abilities.activationGradients) {
    session.activationGradients = async (x, outputIndices, forwardArguments, at) => {
      const given = { x, outputIndices, forwardArguments, at }
      return (await call('activationGradients', given)) as NdArray[][]
    }
  }
  if (abilities.pathGradients) {
    session.pathGradients = async (x, outputIndices, forwardArguments, points) => {
      const given = { x, outputIndices, forwardArguments, points }
      return (await call('pathGradients', given)) as NdArray[][]
    }
  }
  return session
}
