import { parseArgs } from 'node:util'
import { caseNames } from './cases.js'
import { largeCaseNames } from './large/cases.js'

export interface BenchOptions {
  readonly models: readonly string[]
  /** Models of real size. */
  readonly largeModels: readonly string[]
  /** The side of the images of models of real size. */
  readonly size: number
  /** The number of training rows. Undefined: each model's own number. */
  readonly rows: number | undefined
  readonly rounds: number
  /** Accept a software WebGPU adapter. */
  readonly softwareWebGpu: boolean
  /** The Python with the packages of peers/requirements.txt. Undefined: no peers. */
  readonly python: string | undefined
  readonly json: string
  /** Measure how time and memory grow with the number of rows. */
  readonly growth: boolean
}

export const usage = `npm run bench -- [options]
  --models LIST       models, comma-separated: ${caseNames.join(',')} (default: these)
                      or of real size: ${largeCaseNames.join(',')}
  --size N            side of the images of models of real size (default: 224)
  --rows N            number of training rows (default: each model's own)
  --rounds N          number of rounds (default: 3)
  --software-webgpu   accept a WebGPU adapter that is emulated in software
  --peers PYTHON      Python with bench/peers/requirements.txt (default: GRADLENS_PEERS of the environment)
  --json FILE         output file (default: bench/results/bench.json)
  --no-growth         don't measure how time and memory grow with the number of rows`

export function readOptions(args: string[]): BenchOptions {
  const { values } = parseArgs({
    args,
    allowNegative: true,
    options: {
      models: { type: 'string', default: caseNames.join(',') },
      size: { type: 'string', default: '224' },
      rows: { type: 'string' },
      rounds: { type: 'string', default: '3' },
      'software-webgpu': { type: 'boolean', default: false },
      peers: { type: 'string' },
      json: { type: 'string', default: 'bench/results/bench.json' },
      growth: { type: 'boolean', default: true },
    },
  })
  const python = values.peers ?? process.env['GRADLENS_PEERS']
  const names = values.models.split(',')
  const known = [...caseNames, ...largeCaseNames]
  const unknown = names.find((name) => !known.includes(name))
  if (unknown !== undefined) {
    throw new Error(`--models is '${unknown}'; expected some of ${known.join(', ')}.`)
  }
  return {
    models: names.filter((name) => caseNames.includes(name)),
    largeModels: names.filter((name) => largeCaseNames.includes(name)),
    size: readCount('--size', values.size),
    rows: values.rows === undefined ? undefined : readCount('--rows', values.rows),
    rounds: readCount('--rounds', values.rounds),
    softwareWebGpu: values['software-webgpu'],
    python: python === '' ? undefined : python,
    json: values.json,
    growth: values.growth,
  }
}

function readCount(flag: string, text: string): number {
  const value = Number(text)
  if (Number.isInteger(value) && value >= 1) return value
  throw new Error(`${flag} is '${text}'; expected an integer of 1 or more.`)
}
