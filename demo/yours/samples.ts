import { fetchBytes, fetchJson } from '../data/fetch.js'
import { loadImages } from '../data/images.js'
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
      { path: 'x.npy', blob: writeNpy(images, [count, 28, 28]) },
      { path: 'y.npy', blob: writeNpy(labels, [count]) },
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

/** Bytes as a .npy file. */
function writeNpy(bytes: Uint8Array, shape: readonly number[]): Blob {
  const text = `{'descr': '|u1', 'fortran_order': False, 'shape': (${shape.join(', ')},), }`
  const header = `${text.padEnd(117)}\n`
  const start = Uint8Array.of(0x93, ...new TextEncoder().encode('NUMPY'), 1, 0, header.length, 0)
  return new Blob([start, header, bytes as BlobPart])
}
