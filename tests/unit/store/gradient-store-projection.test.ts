import { MemoryStore, openGradientStore } from 'gradlens'
import { beforeEach, expect, it } from 'vitest'
import type { ProjectionPlan } from '../../../src/gradients/projection/projection-plan.js'
import { openGradientWriter } from '../../../src/store/zarr/writing/open-writer.js'
import { someRows } from '../../support/stores/gradient-rows.js'
import { sealHeader } from '../../support/stores/sealed-store.js'
import { changeJson, storedRows, writerOptions } from '../../support/stores/written-store.js'

/** As if the kernel had had 20 × 6 numbers, and the table 50 × 9. */
const plan: ProjectionPlan = {
  size: 25,
  seed: 2 ** 32 - 1,
  parameters: [
    {
      ...{ parameter: 'dense/kernel', index: 1, inputSize: 20, outputSize: 6 },
      ...{ projectedInputSize: 4, projectedOutputSize: 3 },
    },
    {
      ...{ parameter: 'embedding', index: 2, inputSize: 50, outputSize: 9 },
      ...{ projectedInputSize: 50, projectedOutputSize: 2 },
    },
  ],
}

const identity = {
  ...writerOptions.identity,
  parameters: [
    { name: 'dense/bias', shape: [3] },
    { name: 'dense/kernel', shape: [2, 10, 6] },
    { name: 'embedding', shape: [50, 9] },
  ],
}

let store: MemoryStore

async function write(end: number, projection: ProjectionPlan = plan): Promise<void> {
  const options = { ...writerOptions, identity, projection }
  const writer = await openGradientWriter(store, options)
  try {
    await writer.append({ ...someRows(storedRows, writer.rowsWritten, end), projection })
  } finally {
    await writer.close()
  }
}

beforeEach(() => {
  store = new MemoryStore()
})

it('states how its gradients were projected', async () => {
  await write(10)
  const reader = await openGradientStore(store)
  expect(reader.projection).toEqual(plan)
  expect((await reader.readGradients(0, 10)).block).toEqual(storedRows.block)
})

it('refuses rows that were projected to other sizes than those before', async () => {
  await write(4)
  const [kernel, table] = plan.parameters as [
    ProjectionPlan['parameters'][0],
    ProjectionPlan['parameters'][0],
  ]
  const other = { ...plan, parameters: [{ ...kernel, inputSize: 60, outputSize: 2 }, table] }
  await expect(write(10, { ...other, seed: 1 })).rejects.toThrow(
    'its gradients are projected to 25 numbers with seed 4294967295, here projected to 25 numbers with seed 1',
  )
  await expect(
    write(10, { ...plan, parameters: [{ ...kernel, projectedInputSize: 5 }, table] }),
  ).rejects.toThrow("'dense/kernel' to 4 × 3")
})

type Json = Record<string, unknown>

const lies: [string, (projection: Json, parameters: Json[], gradlens: Json) => void, string][] = [
  ['no seed', (projection) => delete projection['seed'], 'projection.seed'],
  ['a seed below zero', (projection) => (projection['seed'] = -1), 'projection.seed'],
  ['a seed of 33 bits', (projection) => (projection['seed'] = 2 ** 32), 'projection.seed'],
  ['no size', (projection) => delete projection['size'], 'projection.size'],
  ['no parameters', (projection) => delete projection['parameters'], 'projection.parameters'],
  ['parameters that are no list', (projection) => (projection['parameters'] = 1), 'a list'],
  [
    'a parameter that the model has not',
    (_, [kernel]) => (kernel!['parameter'] = 'dense/kernels'),
    "projection of 'dense/kernels': got an unknown parameter",
  ],
  ['a parameter twice', (_, parameters) => parameters.push(parameters[0]!), 'got twice'],
  ['another number of rows', (_, [kernel]) => (kernel!['input_size'] = 21), 'expected 120 numbers'],
  ['half a row', (_, [kernel]) => (kernel!['input_size'] = 2.5), 'parameters.0.input_size'],
  [
    'more numbers than before',
    (_, [kernel]) => (kernel!['projected_input_size'] = 21),
    'projected_input_size',
  ],
  [
    'a side of nothing',
    (_, [, table]) => (table!['projected_output_size'] = 0),
    'projected_output_size',
  ],
  [
    'sizes that are not those of the factors',
    (_, [kernel]) => (kernel!['projected_output_size'] = 4),
    "projection of 'dense/kernel': got 4 × 4 with a factored segment",
  ],
  [
    'sizes that are not those of the table',
    (_, [, table]) => (table!['projected_input_size'] = 49),
    "projection of 'embedding': got 49 × 2 with a lookup segment",
  ],
  [
    'matrices of a gigabyte',
    (_, [kernel], gradlens) => {
      const parameters = gradlens['parameters'] as Json[]
      parameters[1]!['shape'] = [2 ** 25, 3]
      kernel!['input_size'] = 2 ** 25
      kernel!['output_size'] = 3
    },
    'matrices of 134217746 numbers; expected no more than 67108864',
  ],
]

it.each(lies)('refuses metadata of a projection with %s', async (_, change, message) => {
  await write(10)
  await changeJson(store, 'zarr.json', (text) => {
    const json = JSON.parse(text) as { attributes: { gradlens: Json } }
    const { gradlens } = json.attributes
    const projection = gradlens['projection'] as Json
    change(projection, projection['parameters'] as Json[], gradlens)
    return JSON.stringify(json)
  })
  await sealHeader(store)
  await expect(openGradientStore(store)).rejects.toMatchObject({
    name: 'StoreError',
    failure: 'damaged',
    message: expect.stringContaining(message) as string,
  })
})
