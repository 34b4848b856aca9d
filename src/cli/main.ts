#!/usr/bin/env node
import process from 'node:process'
import { run } from './run.js'

// A GPU device would keep the process alive.
process.exit(await run(process.argv.slice(2)))
