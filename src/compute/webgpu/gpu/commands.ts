import { type Kernel, parameterBytes, pipelineOf } from './kernel.js'

/** One pass over the GPU. */
export interface Dispatch {
  readonly kernel: Kernel
  /** Values of the kernel's overrides. */
  readonly constants?: Readonly<Record<string, number>>
  /** What is bound from binding 1 on; undefined where the entry point has no use for it. */
  readonly bindings: readonly (GPUBuffer | GPUBufferBinding | undefined)[]
  /** By name, but for `workgroupCount`. */
  readonly parameters: Readonly<Record<string, number>>
  readonly workgroupCount: number
}

interface Copy {
  readonly from: GPUBuffer
  readonly fromOffset: number
  readonly to: GPUBuffer
  readonly toOffset: number
  readonly byteLength: number
}

/** Takes buffers from the device and gives them back. */
export interface BufferOwner {
  readonly device: GPUDevice
  createBuffer(byteLength: number, usage: GPUBufferUsageFlags): GPUBuffer
  destroyBuffer(buffer: GPUBuffer): void
}

/** Commands for one submission, with buffers that live as long as it is in the making. */
export class Commands {
  readonly #owner: BufferOwner
  readonly #steps: (Dispatch | Copy)[] = []
  readonly #temporaries: GPUBuffer[] = []

  constructor(owner: BufferOwner) {
    this.#owner = owner
  }

  dispatch(step: Dispatch): void {
    this.#steps.push(step)
  }

  copy(step: Copy): void {
    this.#steps.push(step)
  }

  /** A buffer of zeros for these commands alone. */
  temporary(byteLength: number): GPUBuffer {
    const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST | GPUBufferUsage.COPY_SRC
    const buffer = this.#owner.createBuffer(byteLength, usage)
    this.#temporaries.push(buffer)
    return buffer
  }

  /** A temporary buffer with these numbers. */
  upload(numbers: Float32Array | Int32Array | Uint16Array): GPUBuffer {
    const buffer = this.temporary(numbers.byteLength)
    this.#owner.device.queue.writeBuffer(buffer, 0, wholeWords(numbers) as BufferSource)
    return buffer
  }

  submit(): void {
    const { device } = this.#owner
    const uniforms = this.#uniforms()
    const encoder = device.createCommandEncoder()
    let pass: GPUComputePassEncoder | undefined
    let offset = 0
    for (const step of this.#steps) {
      if ('from' in step) {
        pass?.end()
        pass = undefined
        const { from, fromOffset, to, toOffset, byteLength } = step
        encoder.copyBufferToBuffer(from, fromOffset, to, toOffset, byteLength)
      } else {
        pass ??= encoder.beginComputePass()
        encode(device, pass, step, { buffer: uniforms, offset, size: uniformPitch })
        offset += uniformPitch
      }
    }
    pass?.end()
    device.queue.submit([encoder.finish()])
  }

  /** Gives its buffers back; what has been submitted still finds them. */
  dispose(): void {
    for (const buffer of this.#temporaries.splice(0)) this.#owner.destroyBuffer(buffer)
  }

  /** The parameters of all dispatches in one buffer. */
  #uniforms(): GPUBuffer {
    const dispatches = this.#steps.filter((step) => 'kernel' in step)
    const bytes = new Uint8Array(Math.max(1, dispatches.length) * uniformPitch)
    for (const [k, { kernel, parameters, workgroupCount }] of dispatches.entries()) {
      const values = parameterBytes(kernel, { ...parameters, workgroupCount })
      bytes.set(new Uint8Array(values), k * uniformPitch)
    }
    const usage = GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST
    const buffer = this.#owner.createBuffer(bytes.byteLength, usage)
    this.#temporaries.push(buffer)
    this.#owner.device.queue.writeBuffer(buffer, 0, bytes)
    return buffer
  }
}

/** What is written to a buffer takes a multiple of four bytes. */
function wholeWords<Numbers extends Float32Array | Int32Array | Uint16Array>(
  numbers: Numbers,
): Numbers | Uint16Array {
  if (numbers.byteLength % 4 === 0) return numbers
  const padded = new Uint16Array(numbers.length + 1)
  padded.set(numbers)
  return padded
}

/** The largest alignment that a device may ask of an offset. */
const uniformPitch = 256

function encode(
  device: GPUDevice,
  pass: GPUComputePassEncoder,
  { kernel, constants, bindings, workgroupCount }: Dispatch,
  uniforms: GPUBufferBinding,
): void {
  if (workgroupCount === 0) return
  const pipeline = pipelineOf(device, kernel, constants)
  const entries = [uniforms, ...bindings].flatMap((bound, binding) => {
    if (bound === undefined) return []
    return [{ binding, resource: 'buffer' in bound ? bound : { buffer: bound } }]
  })
  pass.setPipeline(pipeline)
  pass.setBindGroup(0, device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries }))
  // A dimension ends at 65,535 workgroups: the grid is folded, and kernels number its workgroups row by row.
  const width = Math.min(workgroupCount, device.limits.maxComputeWorkgroupsPerDimension)
  pass.dispatchWorkgroups(width, Math.ceil(workgroupCount / width))
}
