import { describeForward } from '../support/forward-suite.js'

describeForward(['wasm'])
