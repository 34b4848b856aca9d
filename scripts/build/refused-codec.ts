/** Replaces a decompressor that is never called, because the library refuses compressed stores. */
const codec = {
  fromConfig(): never {
    throw new Error('Compressed stores are not supported.')
  },
}
export default codec
