import { describeLayers } from '../support/layer-suite.js'

// cpu and wasm compute the same in Node, where tests/unit has them.
describeLayers(['webgpu'])
