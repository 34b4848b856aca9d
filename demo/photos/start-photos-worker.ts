import workerUrl from '../workers/photos-worker.ts?worker&url'
import { writeWorkerName, type WorkerStart } from '../workers/worker-name.js'

export const startPhotosWorker = (start: WorkerStart): Worker =>
  new Worker(workerUrl, { type: 'module', name: writeWorkerName(start) })
