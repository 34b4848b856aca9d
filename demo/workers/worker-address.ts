import type { DeviceChoice } from '../settings.js'

/** What a worker has to know when it starts. */
export interface WorkerStart {
  /** The absolute URL of the model and the data, with a trailing slash. */
  readonly folder: string
  /** The device of the first call, which the worker prepares. */
  readonly device: DeviceChoice
}

/** The fragment of a worker's address, by which it learns how to start. */
export const writeWorkerAddress = ({ folder, device }: WorkerStart): string =>
  `#${new URLSearchParams({ folder, device }).toString()}`

export function readWorkerAddress(fragment: string): WorkerStart {
  const given = new URLSearchParams(fragment.slice(1))
  return {
    folder: given.get('folder') ?? '',
    device: (given.get('device') ?? 'auto') as DeviceChoice,
  }
}
