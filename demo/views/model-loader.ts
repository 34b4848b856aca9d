import { formatBytes, Job } from 'gradlens/elements'
import { find, setText } from '../dom.js'
import type { ExplainingWorker } from '../explaining/explaining-worker.js'
import type { DeviceChoice } from '../settings.js'
import { createJobView } from './job-view.js'

export interface ModelLoaderOptions {
  readonly worker: ExplainingWorker
  readonly device: DeviceChoice
  /** The bytes that the worker downloads for a device. */
  readonly countBytes: (device: DeviceChoice) => number
  /** The name of the channel on which the worker reports the bytes that it has. */
  readonly channel: string
  /** Called when the explainers are ready. */
  readonly loaded: () => void
}

/** A button that loads the page's model into the worker, with the progress of the download. */
export class ModelLoader {
  readonly #options: ModelLoaderOptions
  readonly #row = find('#load-row', HTMLElement)
  readonly #job: Job<true>
  #byteLength = 0

  constructor(options: ModelLoaderOptions) {
    this.#options = options
    const progress = find('#load-job', HTMLElement)
    const showState = createJobView('load-job', {
      doing: 'Loading the model',
      unit: 'kB',
      cancel: () => {
        this.#options.worker.stop()
        this.#job.interrupt()
      },
      retry: () => void this.#load(),
    })
    this.#job = new Job((state) => {
      this.#row.hidden = state.status !== 'idle'
      progress.hidden = state.status === 'idle' || state.status === 'done'
      showState(state)
    })
    find('#load', HTMLButtonElement).addEventListener('click', () => void this.#load())
    this.#showSize(options.device)
  }

  /** Loads the model into another worker for this device, if the user has asked for the model. */
  reset(device: DeviceChoice): void {
    this.#showSize(device)
    if (this.#job.state.status !== 'idle') void this.#load()
  }

  async #load(): Promise<void> {
    const { worker, channel: name, loaded } = this.#options
    const done = await this.#job.run(async ({ onProgress }) => {
      const total = Math.round(this.#byteLength / 1000)
      const channel = new BroadcastChannel(name)
      channel.addEventListener('message', ({ data }) => {
        onProgress({
          phase: 'fit',
          done: Math.min(total, Math.round((data as number) / 1000)),
          total,
        })
      })
      try {
        await worker.explainers.ready
        return true as const
      } finally {
        channel.close()
      }
    })
    if (done === true) loaded()
  }

  #showSize(device: DeviceChoice): void {
    this.#byteLength = this.#options.countBytes(device)
    setText(find('#load-size', HTMLElement), `${formatBytes(this.#byteLength)}, once`)
  }
}
