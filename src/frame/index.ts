export { decodeFrame } from './decode-frame.js'
export { encodeFrame, type FrameOptions } from './encode-frame.js'
export type { FrameDtype } from './array-formats.js'
export type { Frame, FrameSide } from './frame.js'
