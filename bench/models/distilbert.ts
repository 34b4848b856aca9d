import type { GraphModel } from '@tensorflow/tfjs'
import {
  attend,
  dense,
  type EncoderSizes,
  feedForward,
  firstPosition,
  lookUp,
  normalize,
} from './encoder-layers.js'
import { GraphBuilder } from './graph-builder.js'

/** The base model: 66 million weights. */
export const distilBertSizes: EncoderSizes = {
  vocabulary: 30_522,
  length: 64,
  width: 768,
  heads: 12,
  hidden: 3072,
  layers: 6,
  classes: 2,
}

/** The node of the sum of the embeddings, before their normalization. */
export const embeddingNode = 'embeddings/add'

/**
 * Creates DistilBERT for classification with random weights, as its Keras 2 model is converted:
 * `input_ids` and `attention_mask` [batch, length] in, logits out.
 */
export function createDistilBert(sizes: EncoderSizes = distilBertSizes): Promise<GraphModel> {
  const { vocabulary, length, width, layers, classes } = sizes
  const graph = new GraphBuilder()
  const ids = graph.tokens('input_ids', length)
  const mask = graph.tokens('attention_mask', length)
  const kept = graph.op('Cast', 'kept', [mask], {
    SrcT: { type: 'DT_INT32' },
    DstT: { type: 'DT_FLOAT' },
  })
  const words = lookUp(graph, 'embeddings/words', [vocabulary, width], ids)
  const places = graph.weight('embeddings/places', [1, length, width], 0.035)
  const sum = graph.op('AddV2', embeddingNode, [words, places])
  let x = normalize(graph, 'embeddings/norm', sum, width)
  for (let layer = 0; layer < layers; layer++) {
    const name = `layer_${layer}`
    const attended = attend(graph, `${name}/attention`, x, kept, sizes)
    x = graph.op('AddV2', `${name}/sa_sum`, [attended, x])
    x = normalize(graph, `${name}/sa_norm`, x, width)
    const fed = feedForward(graph, `${name}/ffn`, x, sizes)
    x = graph.op('AddV2', `${name}/sum`, [fed, x])
    x = normalize(graph, `${name}/norm`, x, width)
  }
  const pooled = dense(graph, 'pre_classifier', firstPosition(graph, x), [width, width], 'Relu')
  graph.op('Identity', 'logits', [dense(graph, 'classifier', pooled, [width, classes])])
  return graph.load()
}
