/** The parts of Dawn's package for Node that we use. It is optional. */
declare module 'webgpu' {
  export function create(options: readonly string[]): GPU
  export const globals: object
}
