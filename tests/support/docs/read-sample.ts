import { readSamples } from '../../../scripts/docs/samples.mjs'

/**
 * Returns the code of a guide's sample, for a test that runs it. tests/unit/docs/samples.test.ts
 * finds these calls, and fails for samples that no test reads.
 *
 * @param file from the repository's root
 * @param name the second word after the fence, or a comment on the line above it
 */
export function readSample(file: string, name: string): string {
  const found = readSamples(file).filter((sample) => sample.name === name)
  if (found.length !== 1) throw new Error(`${file}: expected one sample '${name}'.`)
  return found[0]!.code
}
