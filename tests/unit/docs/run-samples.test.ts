import * as tf from '@tensorflow/tfjs'
import { afterEach, beforeAll, expect, it, vi } from 'vitest'
import { readSamples } from '../../../scripts/docs/samples.mjs'
import '../../support/devices/devices.js'

/** The guides whose samples are programs that run anywhere. */
const pages = import.meta.glob<{ run: () => Promise<void> }>(
  '../../../docs/guides/{images,text,tables,time-series}.md',
  { query: '?samples' },
)

beforeAll(async () => {
  await tf.setBackend('cpu')
})

afterEach(() => {
  vi.restoreAllMocks()
})

it.each(Object.entries(pages))(
  'runs the samples of %s, which print the output that it shows',
  async (page, load) => {
    const { run } = await load()
    const lines: string[] = []
    vi.spyOn(console, 'log').mockImplementation((...parts) => lines.push(parts.join(' ')))
    const variables = new Set(Object.keys(tf.engine().registeredVariables))
    tf.engine().startScope()
    try {
      await run()
    } finally {
      tf.engine().endScope()
      for (const [name, variable] of Object.entries(tf.engine().registeredVariables)) {
        if (!variables.has(name)) variable.dispose()
      }
    }
    const shown = readSamples(page.replace('../../../', '')).filter(({ name }) => name === 'output')
    expect(`${lines.join('\n')}\n`).toBe(shown.map(({ code }) => code).join(''))
  },
)
