/** What we use of Dawn's package for Node, which need not be installed. */
declare module 'webgpu' {
  export function create(options: readonly string[]): GPU
  export const globals: object
}
