import { activations } from './activations.js'
import { arithmetic } from './arithmetic.js'
import { products } from './products.js'
import type { Rules } from './rule.js'
import { shapes } from './shapes.js'

/** The backward rules of all operators that have one. */
export const rules: Rules = { ...activations, ...arithmetic, ...products, ...shapes }
