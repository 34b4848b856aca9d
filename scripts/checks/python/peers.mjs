import path from 'node:path'
import process from 'node:process'
import { root, run, whenStopped } from '../command.mjs'
import {
  createEnvironment,
  createHostEnvironments,
  gradlens,
  pythonOf,
} from './host-environments.mjs'

// Runs captum, shap and alibi, and the tests of the Python package on what they return. CI runs the
// same tests on recorded results, because these libraries and their frameworks take gigabytes.
// With --record, the results are recorded again.

const programs = path.join(root, 'tests/peers/results')
const isRecording = process.argv.includes('--record')

whenStopped(() => process.exit(1))
const fault =
  (await createHostEnvironments(['notebooks'])) ??
  (await createEnvironment('peers', [
    ['torch', 'captum', 'shap', 'scikit-learn', 'pandas', 'pytest'],
    gradlens,
  ])) ??
  (await createEnvironment('notebooks', [['pytest']]))
if (fault !== undefined) fail(fault)

const libraries = /** @type {const} */ ({ captum: 'peers', shap: 'peers', alibi: 'notebooks' })
for (const [library, environment] of Object.entries(libraries)) {
  const file = `python/tests/results/${library}.json`
  if (isRecording) await runPython(environment, path.join(programs, `${library}_results.py`), file)
  const options = ['-m', 'pytest', '-q', '-p', 'no:cacheprovider', '-o', 'filterwarnings=']
  await runPython(environment, ...options, '-k', library, '--rootdir=python', 'python/tests')
  console.log(`tests on results of ${library}`)
}

/** @param {string} environment @param {...string} options */
async function runPython(environment, ...options) {
  const program = pythonOf(environment)
  const env = { GRADLENS_PEERS: programs, TF_CPP_MIN_LOG_LEVEL: '3' }
  const { status, output } = await run([program, ...options], { env, timeoutMs: 900_000 })
  if (status !== 0) fail(`${[program, ...options].join(' ')}\n${output}`)
}

/** @param {string} reason @returns {never} */
function fail(reason) {
  console.error(reason)
  process.exit(1)
}
