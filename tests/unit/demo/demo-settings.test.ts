import { describe, expect, test } from 'vitest'
import {
  defaultSettings,
  deviceChoices,
  readAddress,
  writeAddress,
} from '../../../demo/settings.js'

const defaults = { ...defaultSettings, references: 1000 }
const form = { example: 'digit', defaults, devices: deviceChoices }

const read = (query: string): ReturnType<typeof readAddress> =>
  readAddress(new URLSearchParams(query), form)

describe("the demo's address", () => {
  test('without parameters has the defaults', () => {
    expect(read('')).toEqual({ settings: defaults, picked: undefined, problems: [] })
    expect(writeAddress(defaults, undefined, form)).toBe('')
  })

  test('restores the settings that it was written from', () => {
    const query =
      '?device=webgpu&references=20&gradients=computed&simFn=grad_dot&method=riemann_left&steps=10&digit=34'
    const { settings, picked, problems } = read(query)
    expect(settings).toEqual({
      device: 'webgpu',
      references: 20,
      gradients: 'computed',
      simFn: 'grad_dot',
      method: 'riemann_left',
      steps: 10,
    })
    expect(picked).toBe(34)
    expect(problems).toEqual([])
    expect(writeAddress(settings, picked, form)).toBe(query)
  })

  test.each([
    'references=5',
    'references=1001',
    'references=2.5',
    'references=',
    'references=many',
  ])('with %s keeps the default and reports it', (query) => {
    const { settings, problems } = read(query)
    expect(settings).toEqual(defaults)
    expect(problems).toEqual([
      `${query} in the address is not an integer from 10 to 1000; using 1000.`,
    ])
  })

  test('with an unknown word keeps the default and lists the known ones', () => {
    const { settings, problems } = read('method=simpson')
    expect(settings.method).toBe('gausslegendre')
    expect(problems[0]).toContain('is not one of gausslegendre, riemann_left')
  })

  test('of a page with other defaults and devices uses those', () => {
    const other = {
      example: 'photo',
      defaults: { ...defaults, references: 12, steps: 32, device: 'wasm' },
      devices: ['wasm', 'webgpu'],
    } as const
    const address = readAddress(new URLSearchParams('device=cpu&photo=3'), other)
    expect(address).toEqual({
      settings: other.defaults,
      picked: 3,
      problems: ['device=cpu in the address is not one of wasm, webgpu; using wasm.'],
    })
    expect(writeAddress({ ...other.defaults, device: 'webgpu', steps: 50 }, 3, other)).toBe(
      '?device=webgpu&steps=50&photo=3',
    )
  })

  test('with a negative digit leaves the digit out', () => {
    const { picked, problems } = read('digit=-1')
    expect(picked).toBeUndefined()
    expect(problems[0]).toContain('; ignored.')
  })
})
