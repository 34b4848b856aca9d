import { type ConvolutionGeometry, type GradientBlock, isGradlensError } from 'gradlens'
import { describe, expect, it, vi } from 'vitest'
import { compileKernels as compileSource } from '../../../scripts/build/compile-kernels.mjs'
import type { GradientBackend } from '../../../src/compute/gradient-backend.js'
import { openBackend } from '../../../src/compute/open-backend.js'
import { openCpuBackend } from '../../../src/compute/cpu-backend.js'
import { WasmInstance } from '../../../src/compute/wasm/instance.js'
import { compileKernels } from '../../../src/compute/wasm/kernels.js'
import { openWasmBackend } from '../../../src/compute/wasm/open.js'
import { PageBackend } from '../../../src/compute/wasm/page-backend.js'
import { plainBinary } from '../../../src/compute/wasm/plain-binary.js'
import { relaxedBinary } from '../../../src/compute/wasm/relaxed-binary.js'
import { randomBlock } from '../../support/gradients/random-blocks.js'

/** Float32 sums of 196 products of numbers below 1, relative to the squared norm. */
const tolerance = 1e-5

async function squaredNorms(backend: GradientBackend, block: GradientBlock): Promise<Float64Array> {
  using uploaded = await backend.upload(structuredClone(block))
  return await uploaded.squaredNorms()
}

describe('the SIMD kernels', () => {
  it.each([
    { build: 'plain', binary: plainBinary },
    { build: 'relaxed', binary: relaxedBinary },
  ] as const)('are what their source compiles to, for $build SIMD', async ({ build, binary }) => {
    expect(await compileSource(build)).toBe(binary)
  })

  it('are compiled for relaxed SIMD exactly if it is available', async () => {
    const compile = vi.spyOn(WebAssembly, 'compile')
    await compileKernels()
    const bytes = compile.mock.calls[0]?.[0]
    compile.mockRestore()
    const relaxed = Buffer.from(relaxedBinary, 'base64')
    const isThere = WebAssembly.validate(relaxed)
    const expected = isThere ? relaxed : Buffer.from(plainBinary, 'base64')
    expect(Buffer.compare(bytes as Uint8Array, expected)).toBe(0)
  })

  it.each([
    {
      title: "a layer of the net of alibi's notebook",
      size: 14,
      filter: 2,
      inChannels: 64,
      outChannels: 32,
    },
    { title: 'one input channel', size: 28, filter: 2, inChannels: 1, outChannels: 64 },
    { title: 'odd numbers of channels', size: 9, filter: 3, inChannels: 3, outChannels: 23 },
    {
      title: 'fewer outputs than a vector has lanes',
      size: 7,
      filter: 3,
      inChannels: 5,
      outChannels: 3,
    },
  ])('contract the patches of $title', async ({ size, filter, inChannels, outChannels }) => {
    const geometry: ConvolutionGeometry = {
      inHeight: size,
      inWidth: size + 1,
      inChannels,
      filterHeight: filter,
      filterWidth: filter,
      outHeight: size,
      outWidth: size + 1,
      outChannels,
      strideHeight: 1,
      strideWidth: 1,
      dilationHeight: 1,
      dilationWidth: 1,
      padTop: 0,
      padLeft: 1,
    }
    const block = randomBlock([{ kind: 'convolution', geometry }], 3, 1)
    using backend = (await openWasmBackend()).backend
    const expected = await squaredNorms(openCpuBackend(), block)
    const actual = await squaredNorms(backend, block)
    for (const [row, norm] of expected.entries()) {
      expect(Math.abs(actual[row]! / norm - 1)).toBeLessThanOrEqual(tolerance)
    }
  })

  it('name the bytes that are missing when memory runs out, and keep working', async () => {
    const instance = await WasmInstance.open(await compileKernels())
    const address = instance.allocate(64)
    for (const byteLength of [2 ** 31, 2 ** 32]) {
      let thrown: unknown
      try {
        instance.allocate(byteLength)
      } catch (error) {
        thrown = error
      }
      expect(isGradlensError(thrown, 'MemoryError') && thrown.byteLength).toBe(byteLength)
    }
    instance.release(address)
    expect(instance.allocate(64)).toBe(address)
  })

  it('need no more memory for more blocks', async () => {
    const instance = await WasmInstance.open(await compileKernels())
    const backend = new PageBackend(instance)
    const block = randomBlock([{ kind: 'dense', size: 10_000 }], 16, 2)
    let after = 0
    for (let round = 0; round < 50; round++) {
      const [first, second] = [await backend.upload(block), await backend.upload(block)]
      const similarity = { name: 'grad_dot', eps: 0 } as const
      const counts = { testCount: 16, trainCount: 16, most: round % 2 === 0 ? 16 : 3, least: 1 }
      using ranker = backend.openRanking({ ...counts, similarity })
      await ranker.add(first, 0, second, 0)
      await ranker.finish()
      for (const uploaded of [first, second]) uploaded[Symbol.dispose]()
      if (round === 1) after = instance.bytes.length
    }
    expect(instance.bytes.length).toBe(after)
  })

  it("are replaced by plain loops, with the reason, if the page can't compile wasm", async () => {
    const refusal = new WebAssembly.CompileError("refused by the page's content security policy")
    const compile = vi.spyOn(WebAssembly, 'compile').mockRejectedValue(refusal)
    const { fallbackReason } = await openBackend('wasm', undefined)
    compile.mockRestore()
    expect(fallbackReason).toContain('plain JavaScript')
    expect(fallbackReason).toContain('content security policy')
  })
})
