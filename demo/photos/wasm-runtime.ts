export * as ort from 'onnxruntime-web/wasm'
export { default as binaryUrl } from 'onnxruntime-web/ort-wasm-simd-threaded.wasm?url'
