import type { Device } from 'gradlens'
import { InputError } from './arrays/array-source.js'
import type { Tfjs } from './load-model.js'

/** A device that can be used, and what there is to say about the choice. */
export interface ChosenDevice {
  readonly device: Device
  readonly note: string
}

/** TensorFlow.js of the project that uses gradlens. @throws InputError if it is not installed */
export async function importTfjs(): Promise<Tfjs> {
  try {
    return await import('@tensorflow/tfjs')
  } catch (cause) {
    throw notInstalled('@tensorflow/tfjs', cause)
  }
}

/**
 * Makes a device ready: imports its backend, and for webgpu the package `webgpu` (Dawn), which Node has none of its own
 * of. 'auto' takes webgpu if the package is there and has an adapter that is no emulation, else wasm.
 *
 * @throws InputError if what it needs is not installed
 */
export async function chooseDevice(choice: Device | 'auto'): Promise<ChosenDevice> {
  if (choice === 'auto') {
    const reason = await prepareWebgpu(false)
    if (reason === null) return { device: 'webgpu', note: 'on webgpu' }
    await prepareWasm()
    return { device: 'wasm', note: `on wasm (${reason})` }
  }
  if (choice === 'webgpu') {
    const reason = await prepareWebgpu(true)
    if (reason !== null)
      throw new InputError(`--device webgpu: ${reason}. --device wasm needs no GPU.`)
  }
  if (choice === 'wasm') await prepareWasm()
  return { device: choice, note: `on ${choice}` }
}

async function prepareWasm(): Promise<void> {
  try {
    await import('@tensorflow/tfjs-backend-wasm')
  } catch (cause) {
    throw notInstalled('@tensorflow/tfjs-backend-wasm', cause)
  }
}

/** What keeps webgpu from running; null if nothing does. */
async function prepareWebgpu(allowSoftware: boolean): Promise<string | null> {
  let dawn
  try {
    dawn = await import('webgpu')
  } catch {
    return 'the package webgpu is not installed: npm install webgpu'
  }
  const gpu = dawn.create([])
  const adapter = await gpu.requestAdapter()
  if (adapter === null) return 'the package webgpu finds no adapter on this machine'
  const { isFallbackAdapter, architecture } = adapter.info
  if (!allowSoftware && (isFallbackAdapter || architecture === 'swiftshader')) {
    return `the only adapter of webgpu is emulated in software (${architecture})`
  }
  Object.assign(globalThis, dawn.globals)
  // What TensorFlow.js looks at when it is imported.
  Object.defineProperty(globalThis, 'navigator', { value: { gpu }, configurable: true })
  try {
    await import('@tensorflow/tfjs-backend-webgpu')
  } catch (cause) {
    throw notInstalled('@tensorflow/tfjs-backend-webgpu', cause)
  }
  return null
}

function notInstalled(name: string, cause: unknown): unknown {
  if ((cause as { readonly code?: unknown }).code !== 'ERR_MODULE_NOT_FOUND') return cause
  return new InputError(
    `${name} is not installed, which gradlens computes with: npm install ${name}`,
    {
      cause,
    },
  )
}
