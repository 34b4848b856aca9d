import process from 'node:process'
import { writeSamples } from '../docs/write-samples.mjs'
import { run, tool } from './command.mjs'

// Checks the types of all code, and of the samples in the guides and in the doc comments.

writeSamples()
const compiler = tool('typescript', '-p', 'tsconfig.json', '--pretty', 'false')
const { status } = await run(compiler, { show: true })
process.exit(status)
