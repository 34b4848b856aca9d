import process from 'node:process'
import { run, tool, whenStopped } from '../checks/command.mjs'

whenStopped(() => process.exit(1))

// vite empties dist, so that the declarations come after it.
/** @type {readonly import('../checks/command.mjs').Command[]} */
const steps = [
  tool('vite', 'build', '--logLevel', 'warn', '--mode', 'library'),
  tool('vite', 'build', '--logLevel', 'warn', '--mode', 'script'),
  tool('vite', 'build', '--logLevel', 'warn', '--mode', 'elements'),
  [process.execPath, 'scripts/build/elements-manifest.mjs', 'dist/custom-elements.json'],
  tool('typescript', '-p', 'tsconfig.build.json'),
  // By itself: what runs in pages as well may not see the types of Node.
  tool('typescript', '-p', 'tsconfig.build.node.json'),
  tool('vite', 'build', '--logLevel', 'warn'),
]
for (const step of steps) {
  const { status } = await run(step, { show: true })
  if (status !== 0) process.exit(status)
}
