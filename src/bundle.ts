/** All of the library in one module, for import maps and content delivery networks. */
export * from './index.js'
export * from './evaluation/index.js'
export * from './influence/index.js'
export * from './tfjs/index.js'
export * from './worker/index.js'
