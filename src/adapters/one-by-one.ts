import type { GradientBlock, GradientSegment } from '../gradients/block.js'
import { waitForNextTask } from '../scheduling.js'
import { countExamples, type LossBatch, type ModelPasses, selectExample } from './model-passes.js'
import { countPerExample, disposeBlock, readExamples } from './read-example.js'

/** Computes the gradients of a batch in one pass for each example. */
export async function computeOneByOne<Value>(
  passes: ModelPasses<Value>,
  batch: LossBatch<Value>,
): Promise<GradientBlock> {
  const exampleCount = countExamples(batch)
  const segments: GradientSegment[] = []
  for (let row = 0; row < exampleCount; row++) {
    if (row > 0) await waitForNextTask()
    const own = await computeExample(passes, selectExample(batch, row))
    for (const [k, segment] of own.entries()) {
      segments[k] ??= allocateSegment(segment, exampleCount)
      copySegment(segment, segments[k], row)
    }
  }
  return { exampleCount, segments }
}

async function computeExample<Value>(
  passes: ModelPasses<Value>,
  example: LossBatch<Value>,
): Promise<GradientSegment[]> {
  const gradients = await passes.exampleGradients(example)
  const { block } = gradients
  try {
    return await readExamples(block, block.segments, 0, 1)
  } finally {
    disposeBlock(block)
    gradients[Symbol.dispose]()
  }
}

/** Returns a segment of zeros for several examples. */
function allocateSegment(segment: GradientSegment, exampleCount: number): GradientSegment {
  const counts = countPerExample(segment)
  const delta = new Float32Array(exampleCount * counts.delta)
  switch (segment.kind) {
    case 'dense':
      return { ...segment, values: delta }
    case 'lookup':
      return { ...segment, indices: new Int32Array(exampleCount * counts.a), delta }
    case 'factored':
    case 'convolution':
      return { ...segment, a: new Float32Array(exampleCount * counts.a), delta }
  }
}

/** Copies the segment of one example to its row in a segment of all. Both are of the same kind. */
function copySegment(from: GradientSegment, to: GradientSegment, row: number): void {
  const counts = countPerExample(to)
  for (const [own, all, perExample] of [
    [left(from), left(to), counts.a],
    [right(from), right(to), counts.delta],
  ] as const) {
    all.set(own, row * perExample)
  }
}

const left = (segment: GradientSegment): Float32Array | Int32Array => {
  switch (segment.kind) {
    case 'dense':
      return new Float32Array(0)
    case 'lookup':
      return segment.indices
    case 'factored':
    case 'convolution':
      return segment.a
  }
}

const right = (segment: GradientSegment): Float32Array =>
  segment.kind === 'dense' ? segment.values : segment.delta
