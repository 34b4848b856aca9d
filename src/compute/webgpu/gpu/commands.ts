import { type Kernel, encodeParameters, getPipeline } from './kernel.js'

/** One dispatch of a kernel. */
export interface Dispatch {
  readonly kernel: Kernel
  /** Values of the kernel's overrides. */
  readonly constants?: Readonly<Record<string, number>>
  /** The buffers from binding 1 on; undefined for those that the entry point does not use. */
  readonly bindings: readonly (GPUBuffer | GPUBufferBinding | undefined)[]
  /** By name, without `workgroupCount`. */
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

/** Creates and destroys buffers. */
export interface BufferOwner {
  readonly device: GPUDevice
  createBuffer(byteLength: number, usage: GPUBufferUsageFlags): GPUBuffer
  destroyBuffer(buffer: GPUBuffer): void
}

/** Commands for one submission, with temporary buffers. */
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

  /** Creates a buffer of zeros for these commands only. */
  createTemporary(byteLength: number): GPUBuffer {
    const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST | GPUBufferUsage.COPY_SRC
    const buffer = this.#owner.createBuffer(byteLength, usage)
    this.#temporaries.push(buffer)
    return buffer
  }

  /** Uploads numbers into a temporary buffer. */
  upload(numbers: Float32Array | Int32Array | Uint16Array): GPUBuffer {
    const buffer = this.createTemporary(numbers.byteLength)
    this.#owner.device.queue.writeBuffer(buffer, 0, padToWords(numbers) as BufferSource)
    return buffer
  }

  submit(): void {
    const { device } = this.#owner
    const uniforms = this.#uploadUniforms()
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

  /** Destroys the temporary buffers; submitted commands still use them. */
  dispose(): void {
    for (const buffer of this.#temporaries.splice(0)) this.#owner.destroyBuffer(buffer)
  }

  /** Uploads the parameters of all dispatches in one buffer. */
  #uploadUniforms(): GPUBuffer {
    const dispatches = this.#steps.filter((step) => 'kernel' in step)
    const bytes = new Uint8Array(Math.max(1, dispatches.length) * uniformPitch)
    for (const [k, { kernel, parameters, workgroupCount }] of dispatches.entries()) {
      const values = encodeParameters(kernel, { ...parameters, workgroupCount })
      bytes.set(new Uint8Array(values), k * uniformPitch)
    }
    const usage = GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST
    const buffer = this.#owner.createBuffer(bytes.byteLength, usage)
    this.#temporaries.push(buffer)
    this.#owner.device.queue.writeBuffer(buffer, 0, bytes)
    return buffer
  }
}

/** Pads to a multiple of four bytes, which writes to a buffer require. */
function padToWords<Numbers extends Float32Array | Int32Array | Uint16Array>(
  numbers: Numbers,
): Numbers | Uint16Array {
  if (numbers.byteLength % 4 === 0) return numbers
  const padded = new Uint16Array(numbers.length + 1)
  padded.set(numbers)
  return padded
}

/** The largest offset alignment that a device may require. */
const uniformPitch = 256

function encode(
  device: GPUDevice,
  pass: GPUComputePassEncoder,
  { kernel, constants, bindings, workgroupCount }: Dispatch,
  uniforms: GPUBufferBinding,
): void {
  if (workgroupCount === 0) return
  const pipeline = getPipeline(device, kernel, constants)
  const entries = [uniforms, ...bindings].flatMap((bound, binding) => {
    if (bound === undefined) return []
    return [{ binding, resource: 'buffer' in bound ? bound : { buffer: bound } }]
  })
  pass.setPipeline(pipeline)
  pass.setBindGroup(0, device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries }))
  // A dimension has at most 65,535 workgroups, so the grid is folded: kernels number its workgroups row by row.
  const width = Math.min(workgroupCount, device.limits.maxComputeWorkgroupsPerDimension)
  pass.dispatchWorkgroups(width, Math.ceil(workgroupCount / width))
}
