import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { root } from '../checks/command.mjs'
import { createModule } from './sample-modules.mjs'
import { listExamples, listSamples, readSamples } from './samples.mjs'

/** The samples as modules, for the check of the types. */
const folder = 'dist-samples'

/**
 * Writes the samples of the guides in TypeScript, and the examples of the doc comments, as modules.
 * A sample with a file name is a module of its own.
 */
export function writeSamples() {
  rmSync(path.join(root, folder), { recursive: true, force: true })
  const samples = listSamples().filter(isTyped)
  for (const file of new Set(samples.map((sample) => sample.file))) {
    const ofFile = samples.filter((sample) => sample.file === file)
    const target = `${folder}/${file.replace(/\.md$/, '')}`
    // tests/e2e/quick-start.test.ts runs those, and scripts/checks/by-hand/fresh-projects.ts checks their types as
    // new projects do.
    const files = file.startsWith('docs/quick-start/')
      ? []
      : ofFile.filter(({ name }) => isFile(name))
    for (const { name, code } of files) write(`${target}/${name}`, code)
    write(`${target}/samples.ts`, createPageModule(file, { folder: target }))
  }
  for (const example of listExamples()) {
    const target = `${folder}/${example.file.replace(/\.ts$/, '')}`
    write(
      `${target}/line-${example.line}.ts`,
      createModule([example], target, (entry) => !/bundle|global/.test(entry)),
    )
  }
}

/**
 * Returns the samples of a page, but those that are files, as one module, which exports `run`.
 *
 * @param {string} file from the repository's root
 * @param {{ folder?: string, inNode?: boolean }} options the module's folder; whether samples with
 *   the name `browser` are left out
 */
export function createPageModule(file, { folder = path.posix.dirname(file), inNode = false } = {}) {
  const samples = readSamples(file).filter(
    (sample) => isTyped(sample) && !isFile(sample.name) && !(inNode && sample.name === 'browser'),
  )
  return createModule(samples, folder, (entry) => entry === 'gradlens' || entry === 'gradlens/tfjs')
}

/** Whether a sample is a module of its own. @param {string} name */
const isFile = (name) => name.includes('.')

/** True for samples that TypeScript checks. @param {import('./samples.mjs').Sample} sample */
export function isTyped({ language, name }) {
  return language === 'ts' || language === 'tsx' || (language === 'js' && name === '')
}

/** @param {string} file @param {string} code */
function write(file, code) {
  const target = path.join(root, file)
  mkdirSync(path.dirname(target), { recursive: true })
  writeFileSync(target, `${code}\n`)
}
