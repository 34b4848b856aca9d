declare module '*.wgsl?raw' {
  /** Vite's: the file as text. */
  const code: string
  export default code
}
