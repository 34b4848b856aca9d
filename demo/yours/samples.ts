import { fetchBytes, fetchJson } from '../data/fetch.js'
import { loadImages } from '../data/images.js'
import { writeNpy } from './export/write-npy.js'
import type { ScalingName } from './data/scalings.js'
import type { NamedFile } from './files/named-file.js'

export interface Sample {
  readonly model: readonly NamedFile[]
  readonly data: readonly NamedFile[]
  /** What their models were trained with. */
  readonly scaling: { readonly table?: 'standard'; readonly pixels?: ScalingName }
}

/** The model of the page Cars, with its training rows as a CSV file. */
export async function loadCars(): Promise<Sample> {
  const folder = new URL('cars/', document.baseURI)
  const table = await fetchJson<CarFile>(new URL('cars.json', folder))
  const names = [...table.features.map(({ name }) => name), 'Origin', table.label.name]
  const rows = table.training.map(([, mileage, ...cells]) => [...cells, mileage])
  const csv = [names, ...rows].map((row) => row.join(',')).join('\n')
  return {
    model: await fetchModel(folder),
    data: [{ path: 'cars.csv', blob: new Blob([csv]) }],
    scaling: { table: 'standard' },
  }
}

interface CarFile {
  readonly label: { readonly name: string }
  readonly features: readonly { readonly name: string }[]
  readonly training: readonly (readonly [string, number, ...(number | string)[]])[]
}

/** The model of the page Digits, with a thousand training digits as .npy files. */
export async function loadDigits(): Promise<Sample> {
  const folder = new URL('mnist/', document.baseURI)
  const { count, images, labels } = await loadImages(folder.href, 'references')
  return {
    model: await fetchModel(folder),
    data: [
      {
        path: 'x.npy',
        blob: new Blob([writeNpy({ data: images, shape: [count, 28, 28] }) as BlobPart]),
      },
      { path: 'y.npy', blob: new Blob([writeNpy({ data: labels, shape: [count] }) as BlobPart]) },
    ],
    scaling: { pixels: 'zeroToOne' },
  }
}

async function fetchModel(folder: URL): Promise<NamedFile[]> {
  return Promise.all(
    ['model.json', 'weights.bin'].map(async (path) => ({
      path,
      blob: new Blob([
        (await fetchBytes(new URL(path, folder), undefined, { gzip: false })) as BlobPart,
      ]),
    })),
  )
}
