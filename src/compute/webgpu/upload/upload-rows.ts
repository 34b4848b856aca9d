import type { ConvolutionGeometry, GradientSegment } from '../../../gradients/block.js'
import { chooseLayout, getDenseSize, countNumbers } from '../../../gradients/compact-layout.js'
import type { Commands } from '../gpu/commands.js'
import { contractPatches, createPlainGeometry } from './contract-patches.js'
import { extractPatches } from './extract-patches.js'
import { materializeLookup } from './materialize-lookup.js'
import type { SlabSegment } from '../slab.js'
import { planProducts } from '../products/product-plan.js'
import { computeRowProducts } from '../products/products.js'
import { findRowExponents, type SegmentSlots } from '../scaling/row-exponents.js'
import { findRowMaxima } from '../scaling/row-maximum.js'
import { findRowNorms } from '../scaling/row-norms.js'
import type { BufferSlice } from './buffer-slice.js'
import { copyScaledRows, scaleRows } from '../scaling/scale-rows.js'
import { bytesPerNorm } from '../../../gradients/numbers/byte-sizes.js'

/** Some examples of a block, and how to store them. */
export interface RowsToUpload<Numbers> {
  readonly exampleCount: number
  readonly segments: readonly GradientSegment<Numbers, Numbers>[]
  /** Returns these examples of one of the segments' arrays, `rowSize` numbers each. */
  getSlice(numbers: Numbers, rowSize: number): BufferSlice
  /** Creates a buffer of the uploaded block. */
  createBuffer(byteLength: number): GPUBuffer
}

/** A segment that is not scaled yet: `scale` completes it once the exponents are known. */
interface Part {
  readonly uploaded: SlabSegment
  readonly slots: SegmentSlots
  scale(shifts: GPUBuffer): void
}

/** A contraction has two slots of maxima for its factors, and one for its result. */
const maxSlotsPerSegment = 3

/**
 * Uploads examples in compact layout and scaled, with their norms. The number of dispatches depends on the segments, not
 * on the number of examples.
 */
export function uploadRows<Numbers>(
  commands: Commands,
  rows: RowsToUpload<Numbers>,
): { segments: readonly SlabSegment[]; norms: GPUBuffer } {
  const { exampleCount, segments } = rows
  const tableBytes = Math.max(1, segments.length) * maxSlotsPerSegment * exampleCount * 4
  const maxima = commands.createTemporary(tableBytes)
  const shifts = commands.createTemporary(tableBytes)
  const exponents = commands.createTemporary(exampleCount * 4)
  const builder = new PartBuilder(commands, rows, maxima)
  const parts = segments.map((segment) => builder.add(segment))
  const slots = parts.map((part) => part.slots)
  findRowExponents(commands, exampleCount, slots, { maxima, shifts, exponents })
  for (const part of parts) part.scale(shifts)

  const uploaded = parts.map((part) => part.uploaded)
  const { plans, slotCount } = planProducts(uploaded, uploaded)
  const partials = commands.createTemporary(slotCount * exampleCount * 4)
  for (const plan of plans) computeRowProducts(commands, plan, exampleCount, partials)
  const norms = rows.createBuffer(exampleCount * bytesPerNorm)
  findRowNorms(commands, exampleCount, slotCount, { partials, exponents, norms })
  return { segments: uploaded, norms }
}

class PartBuilder<Numbers> {
  readonly #commands: Commands
  readonly #rows: RowsToUpload<Numbers>
  readonly #maxima: GPUBuffer
  #slots = 0

  constructor(commands: Commands, rows: RowsToUpload<Numbers>, maxima: GPUBuffer) {
    this.#commands = commands
    this.#rows = rows
    this.#maxima = maxima
  }

  add(segment: GradientSegment<Numbers, Numbers>): Part {
    switch (segment.kind) {
      case 'dense':
        return this.#addDense(segment)
      case 'factored':
        return this.#addFactored(segment)
      case 'convolution':
        return this.#addConvolution(segment)
      case 'lookup':
        return this.#addLookup(segment)
    }
  }

  #addDense(segment: GradientSegment<Numbers, Numbers> & { kind: 'dense' }): Part {
    const [values, slot] = this.#measure(segment.values, segment.size)
    const first = this.#createBuffer(segment.size)
    return {
      uploaded: {
        parameter: segment.parameter,
        layout: chooseLayout(segment),
        first,
        second: first,
      },
      slots: { contracted: [undefined, undefined], uploaded: [slot, undefined] },
      scale: (shifts) => {
        copyScaledRows(this.#commands, values, shifts, slot, first)
      },
    }
  }

  #addFactored(segment: GradientSegment<Numbers, Numbers> & { kind: 'factored' }): Part {
    const { parameter, positions, inputSize, outputSize } = segment
    const layout = chooseLayout(segment)
    const [a, aSlot] = this.#measure(segment.a, positions * inputSize)
    const [delta, deltaSlot] = this.#measure(segment.delta, positions * outputSize)
    if (layout.kind === 'dense') {
      const geometry = createPlainGeometry(positions, inputSize, outputSize)
      return this.#contract(parameter, geometry, [a, aSlot], [delta, deltaSlot])
    }
    const [first, second] = [this.#createBuffer(a.rowSize), this.#createBuffer(delta.rowSize)]
    return {
      uploaded: { parameter, layout, first, second },
      slots: { contracted: [undefined, undefined], uploaded: [aSlot, deltaSlot] },
      scale: (shifts) => {
        copyScaledRows(this.#commands, a, shifts, aSlot, first)
        copyScaledRows(this.#commands, delta, shifts, deltaSlot, second)
      },
    }
  }

  #addConvolution(segment: GradientSegment<Numbers, Numbers> & { kind: 'convolution' }): Part {
    const { parameter, geometry } = segment
    const { inHeight, inWidth, inChannels, outHeight, outWidth, outChannels } = geometry
    const layout = chooseLayout(segment)
    const [image, imageSlot] = this.#measure(segment.a, inHeight * inWidth * inChannels)
    const [delta, deltaSlot] = this.#measure(segment.delta, outHeight * outWidth * outChannels)
    if (layout.kind !== 'factored') {
      return this.#contract(parameter, geometry, [image, imageSlot], [delta, deltaSlot])
    }
    const first = this.#createBuffer(layout.positions * layout.inputSize)
    const second = this.#createBuffer(delta.rowSize)
    return {
      uploaded: { parameter, layout, first, second },
      slots: { contracted: [undefined, undefined], uploaded: [imageSlot, deltaSlot] },
      scale: (shifts) => {
        extractPatches(this.#commands, geometry, image, shifts, imageSlot, first)
        copyScaledRows(this.#commands, delta, shifts, deltaSlot, second)
      },
    }
  }

  #contract(
    parameter: string,
    geometry: ConvolutionGeometry,
    [image, imageSlot]: readonly [BufferSlice, number],
    [delta, deltaSlot]: readonly [BufferSlice, number],
  ): Part {
    const { filterHeight, filterWidth, inChannels, outChannels } = geometry
    const size = filterHeight * filterWidth * inChannels * outChannels
    const values = this.#createBuffer(size)
    const valuesSlot = this.#slots++
    const maxima = this.#maxima
    const factors = { image, imageSlot, delta, deltaSlot }
    contractPatches(this.#commands, { geometry, ...factors, values, valuesSlot, maxima })
    return this.#createPart(parameter, size, values, {
      contracted: [imageSlot, deltaSlot],
      uploaded: [valuesSlot, undefined],
    })
  }

  #addLookup(segment: GradientSegment<Numbers, Numbers> & { kind: 'lookup' }): Part {
    const { parameter, positions, rowSize, parameterRows } = segment
    const layout = chooseLayout(segment)
    const indices = this.#rows.getSlice(segment.indices, positions)
    const [delta, deltaSlot] = this.#measure(segment.delta, positions * rowSize)
    if (layout.kind === 'dense') {
      const values = this.#createBuffer(getDenseSize(layout))
      const valuesSlot = this.#slots++
      const shape = { positions, rowSize, parameterRows }
      const factors = { indices, delta, deltaSlot }
      materializeLookup(this.#commands, {
        ...shape,
        ...factors,
        values,
        valuesSlot,
        maxima: this.#maxima,
      })
      return this.#createPart(parameter, getDenseSize(layout), values, {
        contracted: [undefined, deltaSlot],
        uploaded: [valuesSlot, undefined],
      })
    }
    const [first, second] = [this.#createBuffer(positions), this.#createBuffer(delta.rowSize)]
    this.#commands.copy({
      from: indices.binding.buffer,
      fromOffset: (indices.binding.offset ?? 0) + indices.first * 4,
      to: first,
      toOffset: 0,
      byteLength: this.#rows.exampleCount * positions * 4,
    })
    return {
      uploaded: { parameter, layout, first, second },
      slots: { contracted: [undefined, undefined], uploaded: [undefined, deltaSlot] },
      scale: (shifts) => {
        copyScaledRows(this.#commands, delta, shifts, deltaSlot, second)
      },
    }
  }

  /** Creates the part of a gradient that a kernel has materialized, which is scaled in place. */
  #createPart(parameter: string, size: number, values: GPUBuffer, slots: SegmentSlots): Part {
    const [slot] = slots.uploaded
    return {
      uploaded: { parameter, layout: { kind: 'dense', size }, first: values, second: values },
      slots,
      scale: (shifts) => {
        const shape = { exampleCount: this.#rows.exampleCount, rowSize: size }
        scaleRows(this.#commands, shape, shifts, slot!, values)
      },
    }
  }

  /** Finds the maxima of these examples of an array; returns the examples and the slot. */
  #measure(numbers: Numbers, rowSize: number): [BufferSlice, number] {
    const slot = this.#slots++
    const rows = this.#rows.getSlice(numbers, rowSize)
    findRowMaxima(this.#commands, rows, this.#maxima, slot)
    return [rows, slot]
  }

  #createBuffer(rowSize: number): GPUBuffer {
    return this.#rows.createBuffer(this.#rows.exampleCount * rowSize * 4)
  }
}

/** Finds the most bytes that one example takes in any buffer that is bound as a whole. */
export function findLargestRow(segments: readonly GradientSegment<unknown, unknown>[]): {
  readonly byteLength: number
  readonly parameter: string
} {
  const layouts = segments.map((segment) => ({
    parameter: segment.parameter,
    layout: chooseLayout(segment),
  }))
  // Besides the gradients, tables of a few numbers per segment.
  const slotCount = Math.max(
    segments.length * maxSlotsPerSegment,
    planProducts(layouts, layouts).slotCount,
  )
  let largest = { byteLength: Math.max(bytesPerNorm, slotCount * 4), parameter: '' }
  for (const segment of segments) {
    const byteLength = 4 * Math.max(countArrayNumbers(segment), countNumbers(chooseLayout(segment)))
    if (byteLength > largest.byteLength) largest = { byteLength, parameter: segment.parameter }
  }
  return largest
}

/** Counts the numbers per example of a segment's longer array. */
function countArrayNumbers(segment: GradientSegment<unknown, unknown>): number {
  switch (segment.kind) {
    case 'dense':
      return segment.size
    case 'factored':
      return segment.positions * Math.max(segment.inputSize, segment.outputSize)
    case 'lookup':
      return segment.positions * segment.rowSize
    case 'convolution': {
      const { inHeight, inWidth, inChannels, outHeight, outWidth, outChannels } = segment.geometry
      return Math.max(inHeight * inWidth * inChannels, outHeight * outWidth * outChannels)
    }
  }
}
