import type { GraphModel } from '@tensorflow/tfjs'
import { embeddingNode } from './distilbert.js'
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

const smallSizes: EncoderSizes = {
  vocabulary: 30_522,
  length: 64,
  width: 256,
  heads: 4,
  hidden: 1024,
  layers: 4,
  classes: 2,
}

/**
 * Creates a small BERT (4 layers of 256) for classification with random weights, as its Keras 2
 * model is converted without token types as inputs: they are looked up by zeros, whose number the
 * graph reads from a shape. `input_ids` and `attention_mask` [batch, length] in, logits out.
 */
export function createBert(sizes: EncoderSizes = smallSizes): Promise<GraphModel> {
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
  const placed = graph.op('AddV2', 'embeddings/placed', [words, places])
  const zeros = graph.op('Fill', 'token_type_ids', [
    graph.op('Shape', 'token_type_ids/shape', [ids]),
    graph.integers('token_type_ids/value', [0]),
  ])
  const types = lookUp(graph, 'embeddings/types', [2, width], zeros)
  let x = graph.op('AddV2', embeddingNode, [placed, types])
  x = normalize(graph, 'embeddings/norm', x, width)
  for (let layer = 0; layer < layers; layer++) {
    const name = `layer_${layer}`
    const attended = attend(graph, `${name}/attention`, x, kept, sizes)
    x = graph.op('AddV2', `${name}/attention_sum`, [attended, x])
    x = normalize(graph, `${name}/attention_norm`, x, width)
    const fed = feedForward(graph, `${name}/ffn`, x, sizes)
    x = graph.op('AddV2', `${name}/sum`, [fed, x])
    x = normalize(graph, `${name}/norm`, x, width)
  }
  const pooled = graph.op('Tanh', 'pooled', [
    dense(graph, 'pooler', firstPosition(graph, x), [width, width]),
  ])
  graph.op('Identity', 'logits', [dense(graph, 'classifier', pooled, [width, classes])])
  return graph.load()
}
