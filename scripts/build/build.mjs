import process from 'node:process'
import { run, tool, whenStopped } from '../checks/command.mjs'

whenStopped(() => process.exit(1))

// Vite empties dist, so the declarations are written after it.
/** @type {readonly import('../checks/command.mjs').Command[]} */
const steps = [
  ...[
    'library',
    'bundle',
    'script',
    'wasm-bundle',
    'wasm-script',
    'webgpu-bundle',
    'webgpu-script',
    'elements',
    'anywidget',
    'live-code',
    'live',
  ].map((mode) => viteBuild('--mode', mode)),
  [process.execPath, 'scripts/build/elements-manifest.mjs', 'dist/custom-elements.json'],
  tool('typescript', '-p', 'tsconfig.build.json'),
  // Checked separately, so that code for pages can't use Node's types.
  tool('typescript', '-p', 'tsconfig.build.node.json'),
  viteBuild(),
]
for (const step of steps) {
  const { status } = await run(step, { show: true })
  if (status !== 0) process.exit(status)
}

/** @param {...string} options */
function viteBuild(...options) {
  return tool('vite', 'build', '--logLevel', 'warn', ...options)
}
