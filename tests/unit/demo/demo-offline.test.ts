import { describe, expect, test } from 'vitest'
import { sliceResponse } from '../../../demo/offline/slice-response.js'

const bytes = Uint8Array.from({ length: 10 }, (_, i) => i)

async function asked(range: string): Promise<{ status: number; part: number[]; where: string }> {
  const response = await sliceResponse(new Response(bytes), range)
  const part = Array.from(new Uint8Array(await response.arrayBuffer()))
  return { status: response.status, part, where: response.headers.get('content-range') ?? '' }
}

describe('a part of a file that is kept offline', () => {
  test.each([
    ['bytes=2-4', [2, 3, 4], 'bytes 2-4/10'],
    ['bytes=7-', [7, 8, 9], 'bytes 7-9/10'],
    ['bytes=8-99', [8, 9], 'bytes 8-9/10'],
    ['bytes=-3', [7, 8, 9], 'bytes 7-9/10'],
    ['bytes=-99', [...bytes], 'bytes 0-9/10'],
  ])('is the one that %s means', async (range, part, where) => {
    expect(await asked(range)).toEqual({ status: 206, part, where })
  })

  test('is refused outside of the file', async () => {
    expect(await asked('bytes=10-')).toEqual({ status: 416, part: [], where: 'bytes */10' })
  })

  test('is the whole file for several ranges or other units', async () => {
    for (const range of ['bytes=0-1,4-5', 'rows=1-2', 'bytes=-']) {
      expect(await asked(range)).toEqual({ status: 200, part: [...bytes], where: '' })
    }
  })
})
