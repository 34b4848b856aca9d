import type { LayersModel } from '@tensorflow/tfjs'

type Layer = LayersModel['layers'][number]

interface Internals {
  readonly dataFormat?: string
  readonly outboundNodes: readonly { readonly outboundLayer: Layer }[]
}

/** 'first' if the first layer with a data format after the input expects the channels first. */
export function channelAxisAfter(source: Layer): 'first' | undefined {
  const seen = new Set<Layer>([source])
  // A set is walked in the order in which layers are added: the nearest first.
  for (const layer of seen) {
    const { dataFormat, outboundNodes } = layer as unknown as Internals
    if (dataFormat !== undefined) return dataFormat === 'channelsFirst' ? 'first' : undefined
    for (const { outboundLayer } of outboundNodes) seen.add(outboundLayer)
  }
  return undefined
}
