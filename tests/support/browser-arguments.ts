/** Chromium's arguments for WebGPU on a machine without a GPU: SwiftShader, an adapter in software. */
export const browserArguments: readonly string[] = [
  '--enable-unsafe-webgpu',
  '--use-webgpu-adapter=swiftshader',
  '--enable-features=Vulkan',
]
