/** The bytes that one number of each type takes. */
export const bytesPerFloat16 = 2
export const bytesPerFloat32 = 4
export const bytesPerInt32 = 4
export const bytesPerFloat64 = 8

/** A squared norm is a float64; on a GPU, a float32 and its exponent. */
export const bytesPerNorm = 8
