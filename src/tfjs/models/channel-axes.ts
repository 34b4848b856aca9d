import type { LayersModel } from '@tensorflow/tfjs'

type Layer = LayersModel['layers'][number]

interface Internals {
  readonly dataFormat?: string
  readonly outboundNodes: readonly { readonly outboundLayer: Layer }[]
}

/**
 * Returns 'first' if the nearest layer with a data format after the input expects channels first.
 */
export function channelAxisAfter(source: Layer): 'first' | undefined {
  const seen = new Set<Layer>([source])
  // A set iterates in insertion order, so the nearest layers come first.
  for (const layer of seen) {
    const { dataFormat, outboundNodes } = layer as unknown as Internals
    if (dataFormat !== undefined) return dataFormat === 'channelsFirst' ? 'first' : undefined
    for (const { outboundLayer } of outboundNodes) seen.add(outboundLayer)
  }
  return undefined
}
