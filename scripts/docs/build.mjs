import { rmSync } from 'node:fs'
import path from 'node:path'
import process from 'node:process'
import { build } from 'vitepress'
import { root } from '../checks/command.mjs'
import { writeApiReference } from './api-reference.mjs'
import { stagePages, stagedFolder } from './pages.mjs'

// Builds the documentation site into dist-demo/docs, next to the demo: the pages of docs/, and the
// API reference from the doc comments. Any warning fails the build.

rmSync(stagedFolder, { recursive: true, force: true })
stagePages()
await writeApiReference(path.join(stagedFolder, 'api'))

/** @type {string[]} */
const warnings = []
for (const method of /** @type {const} */ (['warn', 'error'])) {
  const original = console[method].bind(console)
  console[method] = (...parts) => {
    warnings.push(parts.join(' '))
    original(...parts)
  }
}
await build(path.join(root, 'site'))
if (warnings.length > 0) {
  console.log(`The documentation site has ${warnings.length} warnings.`)
  process.exit(1)
}
