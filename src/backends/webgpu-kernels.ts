/** Registers the kernels of TensorFlow.js's WebGPU backend. */
import '@tensorflow/tfjs-backend-webgpu/dist/register_all_kernels.js'
