/** Registers the kernels of TensorFlow.js's WebAssembly backend. */
import '@tensorflow/tfjs-backend-wasm/dist/register_all_kernels.js'
