import { expect, it } from 'vitest'
import { runHere } from '../../support/cli.js'

it.each([
  [['--live', '--x', 'x.npy'], '--model: not given; expected --model DIR/model.json'],
  [['--live', '--model', 'model'], '--x: not given; expected --x x.npy'],
  [
    ['--live', '--model', 'net.onnx', '--x', 'x.npy'],
    'net.onnx does not exist; expected an .onnx file',
  ],
  [['e.safetensors', '--model', 'model'], '--model: got no --live; expected both or neither'],
  [['--live', '--model', 'none', '--x', 'none.npy'], 'none does not exist'],
])('refuses the live report %j', async (options, message) => {
  const { code, stderr } = await runHere('report', ...options, '--out', 'x.html')
  expect(code).toBe(2)
  expect(stderr).toContain(message)
})
