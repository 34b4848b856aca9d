import { DeviceError, DisposedError, MemoryError } from '../../../errors.js'
import { nextTask } from '../../../scheduling.js'
import { type BufferOwner, Commands } from './commands.js'

/** Submissions that the GPU may be behind: enough to keep it busy, few enough to bound what it holds meanwhile. */
const maxSubmissionsInFlight = 4

/**
 * What one user has a GPU device do: submissions, their failures, and the buffers they work on. The device is
 * borrowed.
 */
export class GpuWork implements BufferOwner {
  readonly device: GPUDevice
  readonly #buffers = new Set<GPUBuffer>()
  readonly #lost: Promise<never>
  readonly #pending = new Set<Promise<void>>()
  #inFlight: Promise<undefined>[] = []
  #failure: { readonly error: unknown } | undefined
  #requestedBytes = 0
  #isDisposed = false

  constructor(device: GPUDevice) {
    this.device = device
    this.#lost = device.lost.then(({ reason, message }) => {
      throw new DeviceError(
        'webgpu',
        `webgpu: the GPU device was lost (${reason}${message === '' ? '' : `: ${message}`}). ` +
          "Make a new explainer with device 'wasm', or reload the page.",
      )
    })
    // It is awaited only in races; one that nobody runs at the time is no unhandled error.
    this.#lost.catch(() => undefined)
  }

  /** The largest stretch of a buffer that a kernel can have, in bytes. */
  get maxBindingBytes(): number {
    const { maxStorageBufferBindingSize, maxBufferSize } = this.device.limits
    return Math.min(maxStorageBufferBindingSize, maxBufferSize)
  }

  /** Throws if it was disposed. */
  assertUsable(): void {
    if (!this.#isDisposed) return
    throw new DisposedError('This Compute was disposed; open another one.')
  }

  createBuffer(byteLength: number, usage: GPUBufferUsageFlags): GPUBuffer {
    const size = Math.max(4, Math.ceil(byteLength / 4) * 4)
    this.#requestedBytes += size
    const buffer = this.device.createBuffer({ size, usage })
    this.#buffers.add(buffer)
    return buffer
  }

  destroyBuffer(buffer: GPUBuffer): void {
    if (this.#buffers.delete(buffer)) buffer.destroy()
  }

  /**
   * Has commands recorded and submits them. What is returned rejects if the GPU refuses one of them or has no
   * memory left: that is known only later, and an unhandled one is no error of its own.
   */
  submit(record: (commands: Commands) => void): Promise<void> {
    this.assertUsable()
    const { device } = this
    const commands = new Commands(this)
    this.#requestedBytes = 0
    // Scopes of a device are a stack: they are closed in the synchronous section that opens them.
    device.pushErrorScope('validation')
    device.pushErrorScope('internal')
    device.pushErrorScope('out-of-memory')
    const scopes: Promise<GPUError | null>[] = []
    try {
      record(commands)
      commands.submit()
    } finally {
      for (let open = 0; open < 3; open++) {
        const scope = device.popErrorScope()
        scope.catch(() => undefined)
        scopes.push(scope)
      }
      commands.dispose()
    }
    this.#inFlight.push(device.queue.onSubmittedWorkDone())
    return this.#followed(this.#check(scopes, this.#requestedBytes))
  }

  /** Resolves when the GPU is no further behind than it may be. */
  async room(): Promise<void> {
    while (this.#inFlight.length > maxSubmissionsInFlight) {
      await Promise.race([this.#inFlight.shift(), this.#lost])
    }
  }

  /** Resolves when all that was submitted is done; rejects with the first failure since the last call. */
  async settle(): Promise<void> {
    while (this.#pending.size > 0) await Promise.allSettled(this.#pending)
    this.#inFlight = []
    await this.#unlessLost(this.device.queue.onSubmittedWorkDone())
    const failure = this.#failure
    this.#failure = undefined
    if (failure !== undefined) throw failure.error
  }

  /** The bytes of stretches of buffers, once `ready` has resolved, copied by `record` if need be. */
  async read(
    sources: readonly { readonly buffer: GPUBuffer; readonly byteLength: number }[],
    ready: Promise<void>,
    record: (commands: Commands) => void = () => undefined,
  ): Promise<ArrayBuffer[]> {
    const staging: GPUBuffer[] = []
    try {
      const copied = this.submit((commands) => {
        record(commands)
        for (const { buffer, byteLength } of sources) {
          const usage = GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST
          const to = this.createBuffer(byteLength, usage)
          staging.push(to)
          commands.copy({ from: buffer, fromOffset: 0, to, toOffset: 0, byteLength })
        }
      })
      await ready
      await copied
      const mapped = Promise.all(staging.map((buffer) => buffer.mapAsync(GPUMapMode.READ)))
      await this.#unlessLost(mapped)
      return staging.map((buffer, k) => buffer.getMappedRange().slice(0, sources[k]!.byteLength))
    } finally {
      for (const buffer of staging) this.destroyBuffer(buffer)
    }
  }

  dispose(): void {
    this.#isDisposed = true
    for (const buffer of this.#buffers) buffer.destroy()
    this.#buffers.clear()
  }

  #followed(check: Promise<void>): Promise<void> {
    const followed = check
      .catch((error: unknown) => {
        this.#failure ??= { error }
      })
      .finally(() => this.#pending.delete(followed))
    this.#pending.add(followed)
    return check
  }

  async #check(scopes: readonly Promise<GPUError | null>[], byteLength: number): Promise<void> {
    const errors = await this.#unlessLost(Promise.all(scopes))
    for (const error of errors) {
      if (error === null) continue
      if (error instanceof GPUOutOfMemoryError) {
        throw new MemoryError(
          'webgpu',
          `webgpu: the GPU has no memory left for ${byteLength} bytes of gradients (${error.message}). ` +
            "Take a smaller batchSize, or device 'wasm'.",
          { byteLength },
        )
      }
      throw new DeviceError(
        'webgpu',
        `webgpu: the GPU refused a command: ${error.message.slice(0, 300)} Use device 'wasm' for this model.`,
      )
    }
  }

  /** After a loss the device's promises resolve as if nothing had happened, or reject with less than the reason. */
  async #unlessLost<Result>(result: Promise<Result>): Promise<Result> {
    try {
      const value = await Promise.race([result, this.#lost])
      // The loss is told in a task of its own, which may be the next one.
      await Promise.race([this.#lost, Promise.resolve()])
      return value
    } catch (error) {
      if (error instanceof DeviceError) throw error
      await Promise.race([this.#lost, nextTask()])
      throw error
    }
  }
}
