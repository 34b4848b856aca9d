/** Parts of `@tensorflow/tfjs-backend-wasm` as scripts/build/tfjs-backends.ts makes them importable. */
declare module 'tfjs-backend-wasm:module' {
  import type { BackendWasmModule } from '@tensorflow/tfjs-backend-wasm/wasm-out/tfjs-backend-wasm.js'

  export interface WasmModule extends BackendWasmModule {
    cwrap(
      name: string,
      returnType: 'number' | null,
      argumentTypes: readonly 'number'[],
    ): (...numbers: number[]) => number
  }

  interface ModuleOptions {
    instantiateWasm(
      imports: WebAssembly.Imports,
      receive: (instance: WebAssembly.Instance, module: WebAssembly.Module) => void,
    ): object
    onAbort(reason: string): void
  }

  /** Emscripten's module, which looks at nothing of the page, and gets its binary from the options. */
  export default function createModule(options: ModuleOptions): Promise<WasmModule>
}

declare module 'tfjs-backend-wasm:binary' {
  /** The binary with SIMD, compressed with deflate, in base64. */
  const binary: string
  export default binary
}
