import type { ConvolutionGeometry, GradientSegment } from '../../../gradients/block.js'
import { chooseLayout, denseSize, numberCount } from '../../../gradients/compact-layout.js'
import type { Commands } from '../gpu/commands.js'
import { contractPatches, plainGeometry } from './contract-patches.js'
import { extractPatches } from './extract-patches.js'
import { materializeRows } from './materialize-lookup.js'
import type { SlabSegment } from '../slab.js'
import { productPlans } from '../products/product-plan.js'
import { rowProducts } from '../products/products.js'
import { findRowExponents, type SegmentSlots } from '../scaling/row-exponents.js'
import { findRowMaxima } from '../scaling/row-maximum.js'
import { findRowNorms } from '../scaling/row-norms.js'
import type { RowsOfBuffer } from './buffer-rows.js'
import { copyScaledRows, scaleRows } from '../scaling/scale-rows.js'
import { bytesPerNorm } from '../../../gradients/numbers/byte-sizes.js'

/** Some rows of a block, and where to put what is held of them. */
export interface RowsToUpload<Numbers> {
  readonly exampleCount: number
  readonly segments: readonly GradientSegment<Numbers, Numbers>[]
  /** These rows of one of the segments' arrays, `rowSize` numbers each. */
  rowsOf(numbers: Numbers, rowSize: number): RowsOfBuffer
  /** A buffer that is held. */
  createBuffer(byteLength: number): GPUBuffer
}

/** A segment in the making: its values are complete once `scale` has been called, with the rows' exponents known. */
interface Part {
  readonly uploaded: SlabSegment
  readonly slots: SegmentSlots
  scale(shifts: GPUBuffer): void
}

/** A contraction takes two slots of maxima for its factors, and one for what comes of it. */
const maxSlotsPerSegment = 3

/**
 * The rows in compact form and scaled, with their norms. How many dispatches that takes depends on the segments,
 * not on the number of rows.
 */
export function uploadRows<Numbers>(
  commands: Commands,
  rows: RowsToUpload<Numbers>,
): { segments: readonly SlabSegment[]; norms: GPUBuffer } {
  const { exampleCount, segments } = rows
  const tableBytes = Math.max(1, segments.length) * maxSlotsPerSegment * exampleCount * 4
  const maxima = commands.temporary(tableBytes)
  const shifts = commands.temporary(tableBytes)
  const exponents = commands.temporary(exampleCount * 4)
  const makers = new PartMaker(commands, rows, maxima)
  const parts = segments.map((segment) => makers.make(segment))
  const slots = parts.map((part) => part.slots)
  findRowExponents(commands, exampleCount, slots, { maxima, shifts, exponents })
  for (const part of parts) part.scale(shifts)

  const uploaded = parts.map((part) => part.uploaded)
  const { plans, slotCount } = productPlans(uploaded, uploaded)
  const partials = commands.temporary(slotCount * exampleCount * 4)
  for (const plan of plans) rowProducts(commands, plan, exampleCount, partials)
  const norms = rows.createBuffer(exampleCount * bytesPerNorm)
  findRowNorms(commands, exampleCount, slotCount, { partials, exponents, norms })
  return { segments: uploaded, norms }
}

class PartMaker<Numbers> {
  readonly #commands: Commands
  readonly #rows: RowsToUpload<Numbers>
  readonly #maxima: GPUBuffer
  #slots = 0

  constructor(commands: Commands, rows: RowsToUpload<Numbers>, maxima: GPUBuffer) {
    this.#commands = commands
    this.#rows = rows
    this.#maxima = maxima
  }

  make(segment: GradientSegment<Numbers, Numbers>): Part {
    switch (segment.kind) {
      case 'dense':
        return this.#dense(segment)
      case 'factored':
        return this.#factored(segment)
      case 'convolution':
        return this.#convolution(segment)
      case 'lookup':
        return this.#lookedUp(segment)
    }
  }

  #dense(segment: GradientSegment<Numbers, Numbers> & { kind: 'dense' }): Part {
    const [values, slot] = this.#measured(segment.values, segment.size)
    const first = this.#buffer(segment.size)
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

  #factored(segment: GradientSegment<Numbers, Numbers> & { kind: 'factored' }): Part {
    const { parameter, positions, inputSize, outputSize } = segment
    const layout = chooseLayout(segment)
    const [a, aSlot] = this.#measured(segment.a, positions * inputSize)
    const [delta, deltaSlot] = this.#measured(segment.delta, positions * outputSize)
    if (layout.kind === 'dense') {
      const geometry = plainGeometry(positions, inputSize, outputSize)
      return this.#contracted(parameter, geometry, [a, aSlot], [delta, deltaSlot])
    }
    const [first, second] = [this.#buffer(a.rowSize), this.#buffer(delta.rowSize)]
    return {
      uploaded: { parameter, layout, first, second },
      slots: { contracted: [undefined, undefined], uploaded: [aSlot, deltaSlot] },
      scale: (shifts) => {
        copyScaledRows(this.#commands, a, shifts, aSlot, first)
        copyScaledRows(this.#commands, delta, shifts, deltaSlot, second)
      },
    }
  }

  #convolution(segment: GradientSegment<Numbers, Numbers> & { kind: 'convolution' }): Part {
    const { parameter, geometry } = segment
    const { inHeight, inWidth, inChannels, outHeight, outWidth, outChannels } = geometry
    const layout = chooseLayout(segment)
    const [image, imageSlot] = this.#measured(segment.a, inHeight * inWidth * inChannels)
    const [delta, deltaSlot] = this.#measured(segment.delta, outHeight * outWidth * outChannels)
    if (layout.kind !== 'factored') {
      return this.#contracted(parameter, geometry, [image, imageSlot], [delta, deltaSlot])
    }
    const first = this.#buffer(layout.positions * layout.inputSize)
    const second = this.#buffer(delta.rowSize)
    return {
      uploaded: { parameter, layout, first, second },
      slots: { contracted: [undefined, undefined], uploaded: [imageSlot, deltaSlot] },
      scale: (shifts) => {
        extractPatches(this.#commands, geometry, image, shifts, imageSlot, first)
        copyScaledRows(this.#commands, delta, shifts, deltaSlot, second)
      },
    }
  }

  #contracted(
    parameter: string,
    geometry: ConvolutionGeometry,
    [image, imageSlot]: readonly [RowsOfBuffer, number],
    [delta, deltaSlot]: readonly [RowsOfBuffer, number],
  ): Part {
    const { filterHeight, filterWidth, inChannels, outChannels } = geometry
    const size = filterHeight * filterWidth * inChannels * outChannels
    const values = this.#buffer(size)
    const valuesSlot = this.#slots++
    const maxima = this.#maxima
    const factors = { image, imageSlot, delta, deltaSlot }
    contractPatches(this.#commands, { geometry, ...factors, values, valuesSlot, maxima })
    return this.#materialized(parameter, size, values, {
      contracted: [imageSlot, deltaSlot],
      uploaded: [valuesSlot, undefined],
    })
  }

  #lookedUp(segment: GradientSegment<Numbers, Numbers> & { kind: 'lookup' }): Part {
    const { parameter, positions, rowSize, parameterRows } = segment
    const layout = chooseLayout(segment)
    const indices = this.#rows.rowsOf(segment.indices, positions)
    const [delta, deltaSlot] = this.#measured(segment.delta, positions * rowSize)
    if (layout.kind === 'dense') {
      const values = this.#buffer(denseSize(layout))
      const valuesSlot = this.#slots++
      const shape = { positions, rowSize, parameterRows }
      const factors = { indices, delta, deltaSlot }
      materializeRows(this.#commands, {
        ...shape,
        ...factors,
        values,
        valuesSlot,
        maxima: this.#maxima,
      })
      return this.#materialized(parameter, denseSize(layout), values, {
        contracted: [undefined, deltaSlot],
        uploaded: [valuesSlot, undefined],
      })
    }
    const [first, second] = [this.#buffer(positions), this.#buffer(delta.rowSize)]
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

  /** A gradient that a kernel has formed, to be scaled where it is. */
  #materialized(parameter: string, size: number, values: GPUBuffer, slots: SegmentSlots): Part {
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

  /** These rows of an array, and the slot of their maxima. */
  #measured(numbers: Numbers, rowSize: number): [RowsOfBuffer, number] {
    const slot = this.#slots++
    const rows = this.#rows.rowsOf(numbers, rowSize)
    findRowMaxima(this.#commands, rows, this.#maxima, slot)
    return [rows, slot]
  }

  #buffer(rowSize: number): GPUBuffer {
    return this.#rows.createBuffer(this.#rows.exampleCount * rowSize * 4)
  }
}

/** The most bytes that one row takes in any one buffer that a kernel needs as a whole. */
export function largestRowBytes(segments: readonly GradientSegment<unknown, unknown>[]): {
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
    productPlans(layouts, layouts).slotCount,
  )
  let largest = { byteLength: Math.max(bytesPerNorm, slotCount * 4), parameter: '' }
  for (const segment of segments) {
    const byteLength = 4 * Math.max(arrayLength(segment), numberCount(chooseLayout(segment)))
    if (byteLength > largest.byteLength) largest = { byteLength, parameter: segment.parameter }
  }
  return largest
}

/** The numbers per row of a segment's longer array. */
function arrayLength(segment: GradientSegment<unknown, unknown>): number {
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
