import type { Device, DeviceChoice } from 'gradlens'
import { InputError } from './arrays/array-source.js'
import type { Tfjs } from './load-model.js'

/** A device that is ready, and a note that explains the choice. */
export interface ChosenDevice {
  readonly device: Device
  readonly note: string
}

/** TensorFlow.js as installed by the user. @throws InputError if it is not installed */
export async function importTfjs(): Promise<Tfjs> {
  try {
    return await import('@tensorflow/tfjs')
  } catch (cause) {
    throw createMissingPackageError('@tensorflow/tfjs', cause)
  }
}

/**
 * Prepares a device: imports its backend and, for webgpu, the package `webgpu` (Dawn), because Node has no WebGPU. 'auto'
 * chooses webgpu if the package is installed and finds a hardware adapter, else wasm.
 *
 * @throws InputError if a needed package is not installed
 */
export async function chooseDevice(choice: Exclude<DeviceChoice, 'native'>): Promise<ChosenDevice> {
  if (choice === 'auto') {
    const reason = await prepareWebgpu(false)
    if (reason === null) return { device: 'webgpu', note: 'on webgpu' }
    await import('gradlens/wasm')
    return { device: 'wasm', note: `on wasm (${reason})` }
  }
  if (choice === 'webgpu') {
    const reason = await prepareWebgpu(true)
    if (reason !== null)
      throw new InputError(`--device webgpu: ${reason}. --device wasm needs no GPU.`)
  }
  if (choice === 'wasm') await import('gradlens/wasm')
  return { device: choice, note: `on ${choice}` }
}

/** The reason why webgpu can't be used, or null if it can. */
async function prepareWebgpu(allowSoftware: boolean): Promise<string | null> {
  let dawn
  try {
    dawn = await import('webgpu')
  } catch {
    return 'the package webgpu is not installed: npm install webgpu'
  }
  const gpu = dawn.create([])
  const adapter = await gpu.requestAdapter()
  if (adapter === null) return 'the package webgpu finds no adapter on this computer'
  const { isFallbackAdapter, architecture } = adapter.info
  if (!allowSoftware && (isFallbackAdapter || architecture === 'swiftshader')) {
    return `its only adapter is emulated in software (${architecture})`
  }
  Object.assign(globalThis, dawn.globals)
  // TensorFlow.js reads it when it is imported.
  Object.defineProperty(globalThis, 'navigator', { value: { gpu }, configurable: true })
  await import('gradlens/webgpu')
  return null
}

/** An error that says how to install a package, if that is why its import failed. */
export function createMissingPackageError(name: string, cause: unknown): unknown {
  if ((cause as { readonly code?: unknown }).code !== 'ERR_MODULE_NOT_FOUND') return cause
  return new InputError(
    `The package ${name} is not installed; this command needs it: npm install ${name}`,
    {
      cause,
    },
  )
}
