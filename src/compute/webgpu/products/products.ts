import { getDenseSize } from '../../../gradients/compact-layout.js'
import type { Commands, Dispatch } from '../gpu/commands.js'
import denseProductsSource from './dense-products.wgsl?raw'
import denseRowProductsSource from './dense-row-products.wgsl?raw'
import gramSource from './gram-products.wgsl?raw'
import type { SlabSegment } from '../slab.js'
import { createKernel, type Kernel } from '../gpu/kernel.js'
import kinds from './kinds.wgsl?raw'
import numbers from '../gpu/numbers.wgsl?raw'
import { operandModules, createOperandParameters, getOperandShape } from './operand.js'
import type { ProductPlan } from './product-plan.js'
import singlePositionSource from './single-position-products.wgsl?raw'

export const denseProducts: Kernel = createKernel('dense-products', [
  ...operandModules,
  denseProductsSource,
])
export const denseRowProducts: Kernel = createKernel('dense-row-products', [
  ...operandModules,
  denseRowProductsSource,
])
export const gramProducts: Kernel = createKernel('gram-products', [numbers, kinds, gramSource])
export const singlePositionProducts: Kernel = createKernel('single-position-products', [
  numbers,
  singlePositionSource,
])

/** Rows of the left side by rows of the right. */
export interface PairTile {
  readonly leftRow: number
  readonly leftRows: number
  readonly rightRow: number
  readonly rightRows: number
}

const tileLength = 32

/** Computes partials[slot, i, j]: inner products of each row of the left side with each of the right, in parts. */
export function computePairProducts(
  commands: Commands,
  plan: ProductPlan<SlabSegment>,
  tile: PairTile,
  partials: GPUBuffer,
): void {
  const pairCount = tile.leftRows * tile.rightRows
  const tileCount = Math.ceil(tile.leftRows / tileLength) * Math.ceil(tile.rightRows / tileLength)
  const { left, right, slot, chunkLength, chunkCount, method } = plan
  const bindings = listBindings(plan, partials)
  if (method === 'gram') {
    dispatchGram(commands, plan, { ...tile, pairCount, isDiagonal: 0 }, bindings)
  } else if (method === 'dense') {
    commands.dispatch({
      kernel: denseProducts,
      bindings,
      parameters: {
        ...tile,
        ...createOperandParameters(left.layout, right.layout),
        size: getDenseSize(left.layout),
        chunkLength,
        slot,
      },
      workgroupCount: tileCount * chunkCount,
    })
  } else {
    const { inputSize, outputSize } = getOperandShape(left.layout)
    commands.dispatch({
      kernel: singlePositionProducts,
      bindings,
      parameters: { ...tile, slot, inputSize, outputSize },
      workgroupCount: tileCount,
    })
  }
}

/** Computes partials[slot, row]: inner products of rows of the left side with the same rows of the right, in parts. */
export function computeRowProducts(
  commands: Commands,
  plan: ProductPlan<SlabSegment>,
  exampleCount: number,
  partials: GPUBuffer,
): void {
  const { left, right, slot, chunkLength, chunkCount, method } = plan
  const bindings = listBindings(plan, partials)
  if (method === 'dense') {
    commands.dispatch({
      kernel: denseRowProducts,
      bindings,
      parameters: {
        ...createOperandParameters(left.layout, right.layout),
        exampleCount,
        size: getDenseSize(left.layout),
        chunkLength,
        slot,
      },
      workgroupCount: exampleCount * chunkCount,
    })
    return
  }
  const rows = { leftRow: 0, rightRow: 0, rightRows: exampleCount }
  dispatchGram(commands, plan, { ...rows, pairCount: exampleCount, isDiagonal: 1 }, bindings)
}

function dispatchGram(
  commands: Commands,
  plan: ProductPlan<SlabSegment>,
  pairs: Readonly<
    Record<'leftRow' | 'rightRow' | 'rightRows' | 'pairCount' | 'isDiagonal', number>
  >,
  bindings: Dispatch['bindings'],
): void {
  const { left, right } = plan
  const { inputSize, outputSize } = getOperandShape(left.layout)
  commands.dispatch({
    kernel: gramProducts,
    bindings,
    parameters: {
      ...pairs,
      ...createOperandParameters(left.layout, right.layout),
      chunkLength: plan.chunkLength,
      slot: plan.slot,
      inputSize,
      outputSize,
    },
    workgroupCount: pairs.pairCount * plan.chunkCount,
  })
}

const listBindings = (
  { left, right }: ProductPlan<SlabSegment>,
  partials: GPUBuffer,
): GPUBuffer[] => [left.first, left.second, right.first, right.second, partials]
