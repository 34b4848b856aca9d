import type { NamedTensorMap } from '@tensorflow/tfjs'
import type { TfjsDevice } from '../engine/tfjs-device.js'
import type { Attributes, Kernel, PartialRepair } from '../kernel.js'
import { batchNormByChannel, batchNormOfOtherAxis } from './arithmetic/batch-norm.js'
import { cumprod, cumsum } from './arithmetic/accumulation.js'
import { castToBoolean, castToFloat, castToSame } from './arithmetic/casts.js'
import { conv2D } from './convolution/conv-2d.js'
import { conv3D } from './convolution/conv-3d.js'
import { depthwiseConv2D } from './convolution/depthwise-conv-2d.js'
import { einsum } from './arithmetic/einsum.js'
import { addN, prelu } from './arithmetic/elementwise.js'
import { linSpaceOfOne } from './arithmetic/lin-space.js'
import { biasRepairs } from './arithmetic/fused-bias.js'
import { productOfIntegers } from './arithmetic/integer-product.js'
import { shareData } from './arrangement/arrangement.js'
import { highRankRepairs } from './arrangement/high-rank.js'
import { integerRepairs } from './arithmetic/integers.js'
import { productOnHeap } from './arithmetic/mat-mul.js'
import { maxPool3DGradByTaps } from './sampling/max-pool-by-taps.js'
import { maxPool2DGrad, maxPool3D, maxPool3DGrad } from './sampling/max-pool.js'
import { repairPackedProduct } from './arithmetic/packed-operand.js'
import { resizeBilinearGrad, resizeNearestNeighborGrad } from './sampling/resize.js'
import { unsortedSegmentSum } from './arrangement/segment-sum.js'
import { sumOfMiddleAxes } from './arithmetic/sum.js'

/** Kernels that a backend lacks, gets wrong or is slow at, per device. */
export const kernelRepairs: Readonly<Record<TfjsDevice, Readonly<Record<string, Kernel>>>> = {
  cpu: {
    MaxPool3DGrad: maxPool3DGrad,
    ResizeBilinearGrad: resizeBilinearGrad,
    ResizeNearestNeighborGrad: resizeNearestNeighborGrad,
  },
  wasm: {
    Conv2DBackpropFilter: conv2D.backpropFilter,
    Conv2DBackpropInput: conv2D.backpropInput,
    Conv3DBackpropFilterV2: conv3D.backpropFilter,
    Conv3DBackpropInputV2: conv3D.backpropInput,
    DepthwiseConv2dNativeBackpropFilter: depthwiseConv2D.backpropFilter,
    DepthwiseConv2dNativeBackpropInput: depthwiseConv2D.backpropInput,
    Einsum: einsum,
    Identity: shareData,
    MaxPool3D: maxPool3D,
    MaxPool3DGrad: maxPool3DGrad,
    MaxPoolGrad: maxPool2DGrad,
    Prelu: prelu,
    UnsortedSegmentSum: unsortedSegmentSum,
  },
  webgpu: {
    AddN: addN,
    Cumprod: cumprod,
    Cumsum: cumsum,
    MaxPool3DGrad: maxPool3DGradByTaps,
  },
}

/**
 * Repairs of kernels that a backend gets wrong for some inputs. The first that is needed is used.
 */
const partialRepairs: Readonly<
  Record<TfjsDevice, Readonly<Record<string, PartialRepair | readonly PartialRepair[]>>>
> = {
  cpu: { FusedBatchNorm: batchNormOfOtherAxis },
  wasm: {
    BatchMatMul: [productOfIntegers, productOnHeap, repairPackedProduct('BatchMatMul')],
    Cast: [castToSame, castToBoolean],
    FusedBatchNorm: [batchNormOfOtherAxis, batchNormByChannel],
    ...biasRepairs,
    Sum: sumOfMiddleAxes,
    _FusedMatMul: [biasRepairs._FusedMatMul, repairPackedProduct('_FusedMatMul')],
  },
  webgpu: { Cast: castToFloat, LinSpace: linSpaceOfOne, ...integerRepairs, ...highRankRepairs },
}

/** The kernel that replaces the device's own in this call; undefined where its own is right. */
export function repairedKernel(
  device: TfjsDevice,
  kernelName: string,
  inputs: NamedTensorMap,
  attributes: Attributes,
): Kernel | undefined {
  const repair = kernelRepairs[device][kernelName]
  if (repair !== undefined) return repair
  const partial = partialRepairs[device][kernelName] ?? []
  return [partial].flat().find(({ isNeeded }) => isNeeded(inputs, attributes))?.kernel
}
