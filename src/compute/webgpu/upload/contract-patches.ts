import type { ConvolutionGeometry } from '../../../gradients/block.js'
import type { Commands } from '../gpu/commands.js'
import source from './contract-patches.wgsl?raw'
import { createKernel, type Kernel } from '../gpu/kernel.js'
import numbers from '../gpu/numbers.wgsl?raw'
import type { BufferSlice } from './buffer-slice.js'

export const contraction: Kernel = createKernel('contract-patches', [numbers, source])

export interface Contraction {
  readonly geometry: ConvolutionGeometry
  readonly image: BufferSlice
  readonly imageSlot: number
  readonly delta: BufferSlice
  readonly deltaSlot: number
  /** The result, [rows, kh · kw · C, p], each row as if the largest numbers of both its factors were 1. */
  readonly values: GPUBuffer
  readonly valuesSlot: number
  readonly maxima: GPUBuffer
}

/** Computes the filter gradients Σ_t patch_t δ_tᵀ of each row, and their maxima. */
export function contractPatches(commands: Commands, of: Contraction): void {
  const { geometry, image, delta, imageSlot, deltaSlot, valuesSlot } = of
  const patchSize = geometry.filterHeight * geometry.filterWidth * geometry.inChannels
  const constants = chooseTile(patchSize, geometry.outChannels)
  commands.dispatch({
    kernel: contraction,
    constants,
    bindings: [image.binding, delta.binding, of.values, of.maxima],
    parameters: {
      ...geometry,
      exampleCount: image.exampleCount,
      firstImage: image.first,
      firstDelta: delta.first,
      imageSlot,
      deltaSlot,
      valuesSlot,
    },
    workgroupCount:
      image.exampleCount *
      Math.ceil(patchSize / (4 * constants.kThreads)) *
      Math.ceil(geometry.outChannels / (4 * constants.pThreads)),
  })
}

/** Chooses at most 64 threads for a matrix product; a short axis takes no more than it has work for. */
export function chooseTile(rows: number, columns: number): { kThreads: number; pThreads: number } {
  const kWanted = countThreads(rows)
  const pWanted = countThreads(columns)
  const kThreads = Math.min(kWanted, Math.max(8, 64 / pWanted))
  return { kThreads, pThreads: Math.min(pWanted, 64 / kThreads) }
}

const countThreads = (length: number): number => {
  const threads = 2 ** Math.ceil(Math.log2(Math.ceil(length / 4)))
  return Math.min(32, threads)
}

/** Creates the geometry of plain factors: an image of one row whose pixels are the positions, and a filter of one tap. */
export function createPlainGeometry(
  positions: number,
  inputSize: number,
  outputSize: number,
): ConvolutionGeometry {
  return {
    inHeight: 1,
    inWidth: positions,
    inChannels: inputSize,
    filterHeight: 1,
    filterWidth: 1,
    outHeight: 1,
    outWidth: positions,
    outChannels: outputSize,
    strideHeight: 1,
    strideWidth: 1,
    dilationHeight: 1,
    dilationWidth: 1,
    padTop: 0,
    padLeft: 0,
  }
}
