import { existsSync, statSync } from 'node:fs'
import type { ArraySource } from './array-source.js'
import { UsageError } from '../command.js'
import { openNpy } from './npy-source.js'
import { openZarr } from './zarr-source.js'

/** Opens a .npy file or the folder of a Zarr array. @throws UsageError if it does not exist; InputError */
export async function openArray(option: string, place: string): Promise<ArraySource> {
  if (!existsSync(place)) {
    throw new UsageError(
      `--${option}: ${place} does not exist; expected a .npy file or the folder of a Zarr array.`,
    )
  }
  return statSync(place).isDirectory() ? openZarr(place) : openNpy(place)
}
