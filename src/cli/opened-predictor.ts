import type { Device, Predictor } from 'gradlens'

/** The model of a command, ready on a device. */
export interface OpenedPredictor {
  /** The type of its tensors doesn't matter, since losses are given by name. */
  readonly predictor: Predictor
  readonly device: Device
  /** Explains the choice of the device. */
  readonly note: string
}
