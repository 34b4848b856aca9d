import workerUrl from '../workers/explainer-worker.ts?worker&url'
import { writeWorkerName, type WorkerStart } from '../workers/worker-name.js'

export const startWorker = (start: Omit<WorkerStart, 'channel'>): Worker =>
  new Worker(workerUrl, { type: 'module', name: writeWorkerName({ ...start, channel: '' }) })
