export * as ort from 'onnxruntime-web/webgpu'
export { default as binaryUrl } from 'onnxruntime-web/ort-wasm-simd-threaded.asyncify.wasm?url'
