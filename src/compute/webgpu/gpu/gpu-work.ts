import { DeviceError, DisposedError, MemoryError } from '../../../errors.js'
import { assertNotLost, raceLoss } from '../../../race-loss.js'
import { waitForNextTask } from '../../../scheduling.js'
import { type BufferOwner, Commands } from './commands.js'

/** Enough submissions in flight to keep the GPU busy, and few enough to bound their memory. */
const maxSubmissionsInFlight = 4

/** The submissions of one user to a GPU device, their failures, and their buffers. The device is not owned. */
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
          "Create a new explainer with device 'wasm', or reload the page.",
      )
    })
    // It is only awaited in races; without one, the rejection must not count as unhandled.
    this.#lost.catch(() => undefined)
  }

  /** The most bytes of a buffer that can be bound. */
  get maxBindingBytes(): number {
    const { maxStorageBufferBindingSize, maxBufferSize } = this.device.limits
    return Math.min(maxStorageBufferBindingSize, maxBufferSize)
  }

  /** @throws DisposedError after `dispose` */
  assertUsable(): void {
    if (!this.#isDisposed) return
    throw new DisposedError('This backend was disposed; open another one.')
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
   * Records commands and submits them. The promise rejects later if the GPU refused a command or is out of memory.
   * Callers may ignore it, because `settle` rejects too.
   */
  submit(record: (commands: Commands) => void): Promise<void> {
    this.assertUsable()
    const { device } = this
    const commands = new Commands(this)
    this.#requestedBytes = 0
    // A device has one stack of error scopes, so scopes are opened and closed without an await between.
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
    return this.#track(this.#check(scopes, this.#requestedBytes))
  }

  /** Resolves when few enough submissions are in flight. */
  async waitForRoom(): Promise<void> {
    while (this.#inFlight.length > maxSubmissionsInFlight) {
      await raceLoss(this.#inFlight.shift()!, this.#lost)
    }
  }

  /** Resolves when all submissions are done; rejects with the first failure since the last call. */
  async settle(): Promise<void> {
    while (this.#pending.size > 0) await Promise.allSettled(this.#pending)
    this.#inFlight = []
    await this.#raceLoss(this.device.queue.onSubmittedWorkDone())
    const failure = this.#failure
    this.#failure = undefined
    if (failure !== undefined) throw failure.error
  }

  /** Reads buffers once `ready` has resolved; `record` can add commands before the copies. */
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
      await this.#raceLoss(mapped)
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

  #track(check: Promise<void>): Promise<void> {
    const followed = check
      .catch((error: unknown) => {
        this.#failure ??= { error }
      })
      .finally(() => this.#pending.delete(followed))
    this.#pending.add(followed)
    return check
  }

  async #check(scopes: readonly Promise<GPUError | null>[], byteLength: number): Promise<void> {
    const errors = await this.#raceLoss(Promise.all(scopes))
    for (const error of errors) {
      if (error === null) continue
      if (error instanceof GPUOutOfMemoryError) {
        throw new MemoryError(
          'webgpu',
          `webgpu: the GPU is out of memory for ${byteLength} bytes of gradients (${error.message}). ` +
            "Use a smaller batchSize, or device 'wasm'.",
          { byteLength },
        )
      }
      throw new DeviceError(
        'webgpu',
        `webgpu: the GPU refused a command: ${error.message.slice(0, 300)} Use device 'wasm' for this model.`,
      )
    }
  }

  /** Rejects with the reason if the device is lost: its own promises then resolve, or reject without the reason. */
  async #raceLoss<Result>(result: Promise<Result>): Promise<Result> {
    try {
      const value = await raceLoss(result, this.#lost)
      // The loss may be reported in the next microtask.
      await assertNotLost(this.#lost)
      return value
    } catch (error) {
      if (error instanceof DeviceError) throw error
      await raceLoss(waitForNextTask(), this.#lost)
      throw error
    }
  }
}
