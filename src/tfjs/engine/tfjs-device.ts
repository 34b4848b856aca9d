import type { Device } from '../../options.js'

/** The devices that TensorFlow.js computes on. */
export type TfjsDevice = Exclude<Device, 'native'>
