import { expect, it } from 'vitest'
import type { Kernel } from '../../../src/compute/webgpu/gpu/kernel.js'
import { sharedGpuDevice } from '../../support/devices/gpu-device.js'

const modules = import.meta.glob<Record<string, unknown>>('../../../src/compute/webgpu/**/*.ts', {
  eager: true,
})
const sources = import.meta.glob<string>('../../../src/compute/webgpu/**/*.wgsl', {
  eager: true,
  query: '?raw',
  import: 'default',
})

const kernels = Object.values(modules).flatMap((exports) => Object.values(exports).filter(isKernel))

function isKernel(value: unknown): value is Kernel {
  return typeof value === 'object' && value !== null && 'entryPoint' in value
}

it('compiles every WGSL file, in one of the kernels at least, without a warning', async () => {
  for (const [path, source] of Object.entries(sources)) {
    expect(
      kernels.some(({ code }) => code.includes(source)),
      path,
    ).toBe(true)
  }
  const all: string[] = []
  const device = await sharedGpuDevice()
  for (const { label, code } of kernels) {
    const { messages } = await device.createShaderModule({ code }).getCompilationInfo()
    const said = messages.map(({ message, lineNum }) => `${label}:${lineNum}: ${message}`)
    all.push(...said)
  }
  expect(all).toEqual([])
})

it('states in the first line of each WGSL file what it computes', () => {
  for (const [path, source] of Object.entries(sources)) {
    expect(source.split('\n')[0], path).toMatch(/^\/\/ .{40}/)
  }
})
