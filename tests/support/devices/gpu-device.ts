import { onTestFinished } from 'vitest'

/** A GPU device for one test, destroyed after it. */
export async function ownGpuDevice(): Promise<GPUDevice> {
  const device = await requestGpuDevice()
  onTestFinished(() => {
    device.destroy()
  })
  return device
}

async function requestGpuDevice(): Promise<GPUDevice> {
  const adapter = await navigator.gpu.requestAdapter()
  if (adapter === null) throw new Error('The browser offers no adapter here.')
  return adapter.requestDevice()
}

let shared: Promise<GPUDevice> | undefined

/** A GPU device that the tests of a page share if they don't damage it, so kernels are compiled once. */
export function sharedGpuDevice(): Promise<GPUDevice> {
  return (shared ??= requestGpuDevice())
}

/** The calls of a device since it is watched. */
export interface DeviceUse {
  dispatches: number
  mappings: number
  mappedBytes: number
  /** Created since then and not yet destroyed. */
  buffers: Set<GPUBuffer>
}

/** Counts what the device does until the test ends. */
export function watched(device: GPUDevice): DeviceUse {
  const use: DeviceUse = { dispatches: 0, mappings: 0, mappedBytes: 0, buffers: new Set() }
  around(device, 'createBuffer', (create) => (descriptor) => {
    const buffer = create(descriptor)
    use.buffers.add(buffer)
    around(buffer, 'destroy', (destroy) => () => {
      use.buffers.delete(buffer)
      destroy()
      return undefined
    })
    around(buffer, 'mapAsync', (mapAsync) => (...options) => {
      use.mappings += 1
      use.mappedBytes += buffer.size
      return mapAsync(...options)
    })
    return buffer
  })
  around(device, 'createCommandEncoder', (create) => (...descriptor) => {
    const encoder = create(...descriptor)
    around(encoder, 'beginComputePass', (begin) => (...passDescriptor) => {
      const pass = begin(...passDescriptor)
      around(pass, 'dispatchWorkgroups', (dispatch) => (...counts) => {
        use.dispatches += 1
        dispatch(...counts)
        return undefined
      })
      return pass
    })
    return encoder
  })
  onTestFinished(() => {
    for (const method of ['createBuffer', 'createCommandEncoder'])
      Reflect.deleteProperty(device, method)
  })
  return use
}

/**
 * Until the test ends the device says that it can bind and hold less, and does: none may be asked for less than the
 * default limits.
 */
export function limited(
  device: GPUDevice,
  limits: { readonly maxStorageBufferBindingSize: number; readonly maxBufferSize: number },
): GPUDevice {
  const { minStorageBufferOffsetAlignment, maxComputeWorkgroupsPerDimension } = device.limits
  const value = { minStorageBufferOffsetAlignment, maxComputeWorkgroupsPerDimension, ...limits }
  Object.defineProperty(device, 'limits', { value, configurable: true })
  around(device, 'createBindGroup', (create) => (descriptor) => {
    for (const { resource } of descriptor.entries) {
      const { buffer, size = buffer.size } = resource as GPUBufferBinding
      if (buffer.size > limits.maxBufferSize || size > limits.maxStorageBufferBindingSize) {
        throw new RangeError(`A binding of ${size} of ${buffer.size} bytes.`)
      }
    }
    return create(descriptor)
  })
  onTestFinished(() => {
    for (const name of ['limits', 'createBindGroup']) Reflect.deleteProperty(device, name)
  })
  return device
}

/** Wraps a method of an object. */
function around<Owner extends object, Name extends keyof Owner>(
  owner: Owner,
  name: Name,
  wrap: (method: Owner[Name]) => Owner[Name],
): void {
  const method = owner[name] as (...options: unknown[]) => unknown
  const value = wrap(method.bind(owner) as Owner[Name])
  Object.defineProperty(owner, name, { value, configurable: true })
}
