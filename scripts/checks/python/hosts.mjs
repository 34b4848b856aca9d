import process from 'node:process'
import { run, tool, whenStopped } from '../command.mjs'
import { copyElements, createHostEnvironments } from './host-environments.mjs'

// Tests the Python package in real notebooks and dashboards. Needs the build.

whenStopped(() => process.exit(1))
copyElements()
const fault = await createHostEnvironments()
if (fault !== undefined) {
  console.error(fault)
  process.exit(1)
}
const { status } = await run(
  tool('vitest', 'run', '--project', 'hosts', ...process.argv.slice(2)),
  {
    show: true,
  },
)
process.exit(status)
