import type { Gradient } from '../kernel.js'
import { cumsumGradient, prodGradient } from './arithmetic/accumulation.js'
import {
  depthToSpaceGradient,
  flipLeftRightGradient,
  tileGradient,
} from './arrangement/arrangement.js'
import { averagePool2DGradient, averagePool3DGradient } from './sampling/average-pool.js'
import { batchNormGradient } from './arithmetic/batch-norm.js'
import { clipByValueGradient, relu6Gradient } from './arithmetic/clip.js'
import { conv2D } from './convolution/conv-2d.js'
import { conv3D, conv3DTransposeGradient } from './convolution/conv-3d.js'
import { cropAndResizeGradient } from './sampling/crop-and-resize.js'
import { depthwiseConv2D } from './convolution/depthwise-conv-2d.js'
import { einsumGradient } from './arithmetic/einsum.js'
import {
  floorDivGradient,
  maximumGradient,
  minimumGradient,
  preluGradient,
  reluGradient,
  squaredDifferenceGradient,
} from './arithmetic/elementwise.js'
import { maxGradient, minGradient } from './arithmetic/extremes.js'
import {
  gatheredGradient,
  gatherGradient,
  scatterNdGradient,
  topKGradient,
} from './arrangement/gathered.js'
import { batchMatMulGradient } from './arithmetic/mat-mul.js'
import { maxPool2DGradient, maxPool3DGradient } from './sampling/max-pool-gradient.js'
import { mirrorPadGradient } from './arrangement/mirror-pad.js'
import { refusedGradients } from './refused.js'
import { resizeBilinearGradient, resizeNearestNeighborGradient } from './sampling/resize.js'

/** Gradients that TensorFlow.js lacks or gets wrong, on every device. */
export const gradientRepairs: Readonly<Record<string, Gradient>> = {
  AvgPool: averagePool2DGradient,
  AvgPool3D: averagePool3DGradient,
  BatchMatMul: batchMatMulGradient,
  ClipByValue: clipByValueGradient,
  Conv2D: conv2D.gradient,
  Conv3D: conv3D.gradient,
  Conv3DBackpropInputV2: conv3DTransposeGradient,
  CropAndResize: cropAndResizeGradient,
  Cumsum: cumsumGradient,
  DepthToSpace: depthToSpaceGradient,
  DepthwiseConv2dNative: depthwiseConv2D.gradient,
  Einsum: einsumGradient,
  FlipLeftRight: flipLeftRightGradient,
  FloorDiv: floorDivGradient,
  FusedBatchNorm: batchNormGradient,
  GatherNd: gatheredGradient('GatherNd', 'params'),
  GatherV2: gatherGradient,
  Max: maxGradient,
  MaxPool: maxPool2DGradient,
  MaxPool3D: maxPool3DGradient,
  Maximum: maximumGradient,
  Min: minGradient,
  Minimum: minimumGradient,
  MirrorPad: mirrorPadGradient,
  Prelu: preluGradient,
  Prod: prodGradient,
  Relu: reluGradient,
  Relu6: relu6Gradient,
  ResizeBilinear: resizeBilinearGradient,
  ResizeNearestNeighbor: resizeNearestNeighborGradient,
  ScatterNd: scatterNdGradient,
  SquaredDifference: squaredDifferenceGradient,
  StridedSlice: gatheredGradient('StridedSlice', 'x'),
  Tile: tileGradient,
  TopK: topKGradient,
  ...refusedGradients,
}
