export type Activation = 'relu' | 'softmax'

/** The layers of the benchmark's models, for tfjs, Keras and torch. Convolutions end in ReLU. */
export type Layer =
  | {
      readonly kind: 'convolution'
      readonly filters: number
      readonly kernelSize: number
      readonly padding: 'same' | 'valid'
    }
  /** 2 × 2 maximum pooling. */
  | { readonly kind: 'pooling' }
  | { readonly kind: 'flatten' }
  | { readonly kind: 'dense'; readonly units: number; readonly activation: Activation }

/** Returns the shapes of kernels and biases: [height, width, in, out], [in, out], [out]. */
export function weightShapes(
  inputShape: readonly number[],
  layers: readonly Layer[],
): readonly (readonly number[])[] {
  const shapes: (readonly number[])[] = []
  let shape = inputShape
  for (const layer of layers) {
    const [height = 1, width = 1, channels = 1] = shape
    if (layer.kind === 'convolution') {
      const { filters, kernelSize } = layer
      const lost = layer.padding === 'valid' ? kernelSize - 1 : 0
      shapes.push([kernelSize, kernelSize, channels, filters], [filters])
      shape = [height - lost, width - lost, filters]
    } else if (layer.kind === 'pooling') {
      shape = [Math.floor(height / 2), Math.floor(width / 2), channels]
    } else if (layer.kind === 'flatten') {
      shape = [height * width * channels]
    } else {
      shapes.push([height, layer.units], [layer.units])
      shape = [layer.units]
    }
  }
  return shapes
}
