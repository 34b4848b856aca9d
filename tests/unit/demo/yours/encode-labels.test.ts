import { describe, expect, test } from 'vitest'
import { encodeLabels, type LabelledOutput } from '../../../../demo/yours/data/encode-labels.js'
import { arrangeLabels, listLosses } from '../../../../demo/yours/data/losses.js'
import { lossNames } from '../../../../src/losses/names.js'

const output = (
  size: number,
  activation: LabelledOutput['activation'],
  classNames: readonly string[] = [],
): LabelledOutput => ({ size, activation, classNames })

const numbers = (width: number, ...data: number[]) => ({ kind: 'numbers', data, width }) as const
const names = (...list: string[]) => ({ kind: 'names', names: list }) as const

describe('labels', () => {
  test('names are classes in the order of the alphabet, or of the model', () => {
    expect(encodeLabels(names('dog', 'cat', 'dog'), output(2, 'softmax'))).toEqual({
      kind: 'classes',
      indices: Int32Array.of(1, 0, 1),
      names: ['cat', 'dog'],
    })
    expect(encodeLabels(names('dog', 'cat'), output(2, 'softmax', ['dog', 'cat']))).toMatchObject({
      indices: Int32Array.of(0, 1),
    })
  })

  test('names match those of the model in another spelling, if only one class is possible', () => {
    const model = output(2, 'softmax', ['Class 1', 'Class 2'])
    expect(encodeLabels(names('class_2', 'CLASS-1', 'class_2'), model)).toMatchObject({
      indices: Int32Array.of(1, 0, 1),
      names: ['Class 1', 'Class 2'],
    })
    expect(() => encodeLabels(names('class_1', 'Class 1', 'class-1'), model)).toThrow(
      /the class 'class-1'/,
    )
    const twins = output(2, 'softmax', ['a b', 'a-b'])
    expect(() => encodeLabels(names('A_B'), twins)).toThrow(/the class 'A_B'/)
  })

  test('one-hot rows are classes; of a sigmoid, rows are values', () => {
    const rows = numbers(3, 0, 1, 0, 1, 0, 0)
    expect(encodeLabels(rows, output(3, 'softmax'))).toMatchObject({ indices: Int32Array.of(1, 0) })
    expect(encodeLabels(rows, output(3, 'sigmoid'))).toMatchObject({ kind: 'values' })
    expect(encodeLabels(numbers(3, 0.5, 0.5, 0), output(3, 'softmax'))).toMatchObject({
      kind: 'values',
    })
  })

  test.each([
    ['a class of its own', names('cow'), output(2, 'softmax', ['cat', 'dog']), /the class 'cow'/],
    [
      'too few classes',
      names('a', 'b'),
      output(3, 'softmax'),
      /2 classes \(a, b\), but the model has 3 outputs/,
    ],
    [
      'too many classes',
      names('a', 'b', 'c'),
      output(2, 'softmax'),
      /3 classes \(a, b, c\), but the model has 2 outputs\. Leave out/,
    ],
    [
      'classes from 1',
      numbers(1, 1, 2, 3),
      output(3, 'none'),
      /from 1 to 3.*from 0 to 2\. Subtract 1/,
    ],
    ['values of a classifier', numbers(1, 0, 1.5), output(3, 'none'), /have the value 1\.5/],
    [
      'rows of another width',
      numbers(2, 0, 1),
      output(3, 'softmax'),
      /has 2 numbers, but the model has 3/,
    ],
    [
      'names of another model',
      numbers(1, 0),
      output(3, 'none', ['a', 'b']),
      /2 class names, but the model has 3/,
    ],
  ] as const)('%s is refused', (_, raw, of, message) => {
    expect(() => encodeLabels(raw, of)).toThrow(message)
  })
})

test('every output has losses of gradlens for the labels that it accepts, in their form', () => {
  for (const size of [1, 3]) {
    for (const activation of ['softmax', 'sigmoid', 'none'] as const) {
      if (size === 1 && activation === 'softmax') continue
      for (const raw of [numbers(1, 0, 1), numbers(size, ...Array<number>(2 * size).fill(0.5))]) {
        if (raw.width === 1 && size === 1 && activation === 'sigmoid' && raw.data[0] === 0.5)
          continue
        const labels = encodeLabels(raw, output(size, activation))
        const losses = listLosses(size, activation, labels)
        expect(losses.length).toBeGreaterThan(0)
        for (const loss of losses) {
          expect(lossNames).toContain(loss)
          if (labels.kind === 'none') continue
          const { shape, data } = arrangeLabels(labels, loss, size)
          expect(shape).toEqual(loss.startsWith('sparse') ? [2] : [2, size])
          expect(data).toHaveLength(loss.startsWith('sparse') ? 2 : 2 * size)
        }
      }
    }
  }
  expect(listLosses(1, 'none', { kind: 'none' })).toEqual([])
})
