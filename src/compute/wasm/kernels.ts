/** The exports of assembly/index.ts: addresses and sizes in bytes, counts in numbers. */
export interface Kernels {
  readonly memory: WebAssembly.Memory
  readonly allocate: (byteLength: number) => number
  readonly release: (address: number) => void
  readonly normalize: (address: number, count: number) => number
  readonly contract: (
    image: number,
    delta: number,
    gradient: number,
    inStep: number,
    outStep: number,
    ...geometry: number[]
  ) => void
  readonly addDense: (
    a: number,
    aScales: number,
    aRows: number,
    b: number,
    bScales: number,
    bRows: number,
    size: number,
    scratch: number,
    sums: number,
    isFloat16: boolean,
  ) => void
  readonly addDenseSquares: (
    a: number,
    scales: number,
    rows: number,
    size: number,
    scratch: number,
    sums: number,
    isFloat16: boolean,
  ) => void
  readonly addFactoredSquares: (
    a: number,
    delta: number,
    scales: number,
    rows: number,
    inputSize: number,
    outputSize: number,
    scratch: number,
    sums: number,
    isFloat16: boolean,
  ) => void
  readonly decodeFloat16Rows: (
    from: number,
    size: number,
    rows: number,
    to: number,
    step: number,
  ) => void
  readonly isOrdinaryFloat16: (from: number, byteLength: number) => number
  readonly scaleTests: (from: number, rows: number, size: number, to: number) => void
  readonly addFactored: (
    a: number,
    alpha: number,
    aPositions: number,
    aScales: number,
    aRows: number,
    b: number,
    beta: number,
    bPositions: number,
    bScales: number,
    bRows: number,
    inputSize: number,
    outputSize: number,
    scratch: number,
    sums: number,
    isFloat16: boolean,
  ) => void
  readonly addMatching: (
    aIndices: number,
    alpha: number,
    aPositions: number,
    aScales: number,
    aRows: number,
    bIndices: number,
    beta: number,
    bPositions: number,
    bScales: number,
    bRows: number,
    rowSize: number,
    sums: number,
  ) => void
  readonly addBilinear: (
    gradient: number,
    inputs: number,
    outputs: number,
    gradientScale: number,
    a: number,
    aStep: number,
    delta: number,
    deltaStep: number,
    scales: number,
    rows: number,
    sums: number,
    sumStep: number,
  ) => void
  readonly addLookedUp: (
    indices: number,
    delta: number,
    deltaStep: number,
    positions: number,
    scales: number,
    rows: number,
    table: number,
    rowSize: number,
    tableScale: number,
    sums: number,
    sumStep: number,
  ) => void
  readonly materializeLookup: (
    indices: number,
    delta: number,
    deltaStep: number,
    positions: number,
    rowSize: number,
    gradient: number,
  ) => void
  readonly scoreRows: (
    sums: number,
    aNorms: number,
    aRows: number,
    bNorms: number,
    bRows: number,
    kind: number,
    eps: number,
    scores: number,
  ) => void
  readonly offerScores: (
    state: number,
    most: number,
    least: number,
    scores: number,
    count: number,
    firstIndex: number,
  ) => number
  readonly sortHeaps: (state: number, most: number) => void
  readonly sortScratchSize: (count: number) => number
  readonly sortScores: (scores: number, count: number, order: number, scratch: number) => void
}

/** f32x4.relaxed_madd of three splats: valid where relaxed SIMD is. */
const relaxedProbe = Uint8Array.from([
  ...[0, 97, 115, 109, 1, 0, 0, 0], // \0asm, version 1
  ...[1, 5, 1, 96, 0, 1, 123], // a type: () → v128
  ...[3, 2, 1, 0], // a function of that type
  ...[10, 19, 1, 17, 0], // its code, 17 bytes, without locals
  ...[65, 0, 253, 17, 65, 0, 253, 17, 65, 0, 253, 17], // three times i32.const 0, i32x4.splat
  ...[253, 133, 2], // f32x4.relaxed_madd
  ...[11], // the end
])

/**
 * The kernels, compiled: for relaxed SIMD, whose multiply-add is one instruction, where the browser has it.
 *
 * @throws WebAssembly.CompileError where the page's content security policy or the browser refuses the module
 */
export async function compileKernels(): Promise<WebAssembly.Module> {
  const base64 = WebAssembly.validate(relaxedProbe)
    ? (await import('./relaxed-binary.js')).relaxedBinary
    : (await import('./plain-binary.js')).plainBinary
  return WebAssembly.compile(Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0)))
}
