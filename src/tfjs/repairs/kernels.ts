import type { Device } from '../../options.js'
import type { Kernel } from '../kernel.js'
import { cumprod, cumsum } from './accumulation.js'
import { conv2DBackpropFilter, conv2DBackpropInput } from './conv-2d.js'
import { conv3DBackpropFilter, conv3DBackpropInput } from './conv-3d.js'
import { depthwiseBackpropFilter, depthwiseBackpropInput } from './depthwise-conv-2d.js'
import { einsum } from './einsum.js'
import { addN, prelu } from './elementwise.js'
import { maxPool3DGradByTaps } from './max-pool-by-taps.js'
import { maxPool2DGrad, maxPool3D, maxPool3DGrad } from './max-pool.js'
import { resizeBilinearGrad, resizeNearestNeighborGrad } from './resize.js'
import { unsortedSegmentSum } from './segment-sum.js'

/** Kernels that a backend lacks, gets wrong or is slow at, per device. */
export const kernelRepairs: Readonly<Record<Device, Readonly<Record<string, Kernel>>>> = {
  cpu: {
    MaxPool3DGrad: maxPool3DGrad,
    ResizeBilinearGrad: resizeBilinearGrad,
    ResizeNearestNeighborGrad: resizeNearestNeighborGrad,
  },
  wasm: {
    Conv2DBackpropFilter: conv2DBackpropFilter,
    Conv2DBackpropInput: conv2DBackpropInput,
    Conv3DBackpropFilterV2: conv3DBackpropFilter,
    Conv3DBackpropInputV2: conv3DBackpropInput,
    DepthwiseConv2dNativeBackpropFilter: depthwiseBackpropFilter,
    DepthwiseConv2dNativeBackpropInput: depthwiseBackpropInput,
    Einsum: einsum,
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
