import * as tf from '@tensorflow/tfjs'

interface KernelTime {
  calls: number
  ms: number
}

/** Processor time, which other programs on the machine do not change. */
function processorMs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e3
}

/**
 * Measures how long each kernel of the wasm backend takes, without the kernels that it calls, and
 * each of the library's own kernels on the backend's heap. Call it before the backend starts.
 */
export class KernelTimes {
  readonly #times = new Map<string, KernelTime>()
  /** The time of the kernels that each running kernel has called. */
  readonly #inner: number[] = []

  constructor() {
    for (const config of tf.getKernelsForBackend('wasm')) {
      tf.unregisterKernel(config.kernelName, 'wasm')
      const { kernelName, kernelFunc } = config
      tf.registerKernel({ ...config, kernelFunc: this.#timed(kernelName, kernelFunc) })
    }
    // The library's kernels are the exports of a module on the memory of the backend.
    const { instantiate } = WebAssembly
    WebAssembly.instantiate = (async (...source: Parameters<typeof instantiate>) => {
      const result = (await instantiate(
        ...source,
      )) as unknown as WebAssembly.WebAssemblyInstantiatedSource
      const exports = (result as Partial<typeof result>).instance?.exports
      if (exports === undefined || !('normalizeChannels' in exports)) return result
      const timed = Object.entries(exports).map(([name, run]) => [
        name,
        this.#timed(`own ${name}`, run as (...numbers: number[]) => number),
      ])
      return { ...result, instance: { exports: Object.fromEntries(timed) as object } }
    }) as unknown as typeof instantiate
  }

  /** Forgets what was measured so far. */
  reset(): void {
    this.#times.clear()
  }

  /** Prints the kernels that took longest, per example. */
  print(exampleCount: number, limit = 24): void {
    const entries = [...this.#times].sort(([, one], [, other]) => other.ms - one.ms)
    const total = entries.reduce((sum, [, { ms }]) => sum + ms, 0)
    console.log(`kernels: ${(total / exampleCount).toFixed(1)} ms per example`)
    for (const [name, { calls, ms }] of entries.slice(0, limit)) {
      const perExample = (ms / exampleCount).toFixed(1).padStart(9)
      console.log(
        `  ${name.padEnd(30)} ${perExample} ms in ${(calls / exampleCount).toFixed(0)} calls`,
      )
    }
  }

  #timed<Values extends unknown[], Result>(
    name: string,
    run: (...values: Values) => Result,
  ): (...values: Values) => Result {
    return (...values) => {
      const time = this.#times.get(name) ?? { calls: 0, ms: 0 }
      this.#times.set(name, time)
      this.#inner.push(0)
      const startedAt = processorMs()
      try {
        return run(...values)
      } finally {
        const ms = processorMs() - startedAt
        time.calls++
        time.ms += ms - this.#inner.pop()!
        if (this.#inner.length > 0) this.#inner[this.#inner.length - 1]! += ms
      }
    }
  }
}
