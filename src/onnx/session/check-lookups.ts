import { InvalidArgumentError } from '../../errors.js'
import type { Feeds } from '../graph/probe.js'
import { readInt } from '../model/attributes.js'
import type { LoadedModel } from '../model/loaded-model.js'

/**
 * Checks the inputs that are looked up in tables. On webgpu, ONNX Runtime accepts any index.
 *
 * @throws InvalidArgumentError for an index outside of its table
 */
export function checkLookups({ nodes, constants }: LoadedModel, feeds: Feeds): void {
  for (const node of nodes) {
    if (node.op !== 'Gather' || node.domain !== '') continue
    const [table = '', indices = ''] = node.inputs
    const array = feeds.get(indices)
    const shape = constants.get(table)?.shape
    const count = shape?.at(readInt(node, 'axis', 0))
    if (array === undefined || count === undefined) continue
    // Negative indices count from the end.
    const outside = array.data.find((value) => value < -count || value >= count)
    if (outside === undefined) continue
    throw new InvalidArgumentError(
      'token ids',
      `${outside}, which the model looks up in table '${table}' of ${count} entries`,
      `whole numbers from 0 to ${count - 1}`,
    )
  }
}
