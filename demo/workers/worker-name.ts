import type { DeviceChoice } from '../settings.js'

/** What a worker has to know when it starts. */
export interface WorkerStart {
  /** The absolute URL of the model and the data, with a trailing slash. */
  readonly folder: string
  /** The device of the first call, which the worker prepares. */
  readonly device: DeviceChoice
  /** The name of the BroadcastChannel on which the worker reports the bytes that it has; '' for none. */
  readonly channel: string
}

/**
 * The name of a worker, from which it learns how to start. The address of its script could not tell
 * it: a service worker answers with the script's own.
 */
export const writeWorkerName = ({ folder, device, channel }: WorkerStart): string =>
  new URLSearchParams({ folder, device, channel }).toString()

export function readWorkerName(name: string): WorkerStart {
  const given = new URLSearchParams(name)
  return {
    folder: given.get('folder') ?? '',
    device: (given.get('device') ?? 'auto') as DeviceChoice,
    channel: given.get('channel') ?? '',
  }
}
