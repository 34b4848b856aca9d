export {
  connectExplainers,
  type RemoteAttributionOf,
  type RemoteExplainers,
  type RemoteOptions,
} from './connect.js'
export type { ConnectOptions } from './connect-options.js'
export { connectPredictor } from './connect-predictor.js'
export type { ExplainerWorker } from './connection.js'
export { exposeExplainers, type Exposed } from './expose.js'
export type { ModelDescription } from './messages.js'
export type { ModelOptions } from './model-outputs.js'
export type { RemoteCheckpoint, RemoteInfluence, RemoteTracIn } from './remote-influence.js'
export type { RemoteModel, RemoteSimilarity } from './remote-explainers.js'
export type { WorkerValue } from './values.js'
