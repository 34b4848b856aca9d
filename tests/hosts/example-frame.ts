import { copyFileSync } from 'node:fs'
import path from 'node:path'

const fixture = path.resolve(import.meta.dirname, '../fixtures/hosts/explanation.safetensors')

/** The index of the most similar training digit; `npm run data:hosts` prints it. */
export const mostSimilar = 604

/** Copies explanation.safetensors, a ranking of 1,000 digits, which the guide's code loads. */
export function writeExplanation(folder: string): void {
  copyFileSync(fixture, path.join(folder, 'explanation.safetensors'))
}
