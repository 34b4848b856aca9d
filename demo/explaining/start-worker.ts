import workerUrl from '../workers/explainer-worker.ts?worker&url'
import { writeWorkerAddress, type WorkerStart } from '../workers/worker-address.js'

export const startWorker = (start: WorkerStart): Worker =>
  new Worker(workerUrl + writeWorkerAddress(start), { type: 'module' })
