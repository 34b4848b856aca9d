/** In the place of a decompressor that the library never calls, since it refuses compressed stores. */
const codec = {
  fromConfig(): never {
    throw new Error('Compressed stores are not supported.')
  },
}
export default codec
