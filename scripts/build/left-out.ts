/** Replaces modules of TensorFlow.js and of this library that live reports never use. */
export const version_webgl = ''
export const version_data = ''
export const wasmWorkerContents = ''
export default undefined
