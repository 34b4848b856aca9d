import type { NdArray, Predictor } from 'gradlens'
import { zip } from 'fflate'
import { arrangeLabels } from '../data/losses.js'
import type { EncodedLabels } from '../data/encode-labels.js'
import { writeCode, type CodeOptions } from '../export/write-code.js'
import { writeNpy } from '../export/write-npy.js'
import { baseName, readBytes } from '../files/named-file.js'
import type { OpenedModel } from '../models/opened-model.js'

/** What the page knows of the explanation that is exported. */
export type ExportPlan = Omit<
  CodeOptions,
  'format' | 'model' | 'hasParts' | 'parameters' | 'hasBaseline' | 'hasLabel'
> & {
  /** The example, [1, …]. */
  readonly x: NdArray
  /** Its label, if the loss needs one. */
  readonly y: NdArray | null
  readonly baseline: NdArray | null
}

export interface ProjectParts {
  readonly model: OpenedModel
  readonly predictor: Predictor
  readonly isChosen: ((name: string) => boolean) | undefined
  readonly xTrain: NdArray
  readonly labels: Exclude<EncodedLabels, { kind: 'none' }>
  readonly size: number
}

/** A zip with a project that explains the same example with gradlens. */
export async function exportProject(
  { x, y, baseline, ...plan }: ExportPlan,
  { model, predictor, isChosen, xTrain, labels, size }: ProjectParts,
): Promise<Blob> {
  const isOnnx = model.facts.format === 'ONNX'
  const [main] = model.files
  const code = writeCode({
    ...plan,
    format: isOnnx ? 'onnx' : model.isGraph === true ? 'graph' : 'layers',
    model: baseName(main?.path ?? ''),
    hasParts: model.facts.parts !== undefined,
    parameters:
      isChosen === undefined
        ? null
        : predictor.parameters.map(({ name }) => name).filter((name) => isChosen(name)),
    hasBaseline: baseline !== null,
    hasLabel: y !== null,
  })
  const encoder = new TextEncoder()
  const files: Record<string, Uint8Array> = {
    'public/data/x-train.npy': writeNpy(xTrain),
    'public/data/y-train.npy': writeNpy(arrangeLabels(labels, plan.loss as never, size)),
    'public/data/x.npy': writeNpy(x),
    ...(y !== null && { 'public/data/y.npy': writeNpy(y) }),
    ...(baseline !== null && { 'public/data/baseline.npy': writeNpy(baseline) }),
  }
  for (const [path, text] of Object.entries(code)) files[path] = encoder.encode(text)
  for (const file of model.files) {
    files[`public/model/${baseName(file.path)}`] = await readBytes(file)
  }
  const bytes = await new Promise<Uint8Array>((resolve, reject) => {
    zip(files, { level: 6 }, (error, data) => {
      if (error === null) resolve(data)
      else reject(error)
    })
  })
  return new Blob([bytes as BlobPart], { type: 'application/zip' })
}
