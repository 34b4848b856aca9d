import { InvalidArgumentError, isGradlensError, UnsupportedError } from '../errors.js'

/**
 * Returns an error about a loss for one about the loss of the examples explained: code that reads and differentiates losses
 * calls it lossFn, and errors name the argument that was given. Other errors come back as they are.
 */
export function nameQuestionLoss(error: unknown): unknown {
  const rename = (text: string): string => text.replaceAll('lossFn', 'questionLoss')
  if (isGradlensError(error, 'InvalidArgumentError') && error.argument.startsWith('lossFn')) {
    const { argument, expected, message } = error
    const got = message.slice(`${argument}: got `.length, -`; expected ${expected}.`.length)
    const named = [rename(argument), rename(got), rename(expected)] as const
    return new InvalidArgumentError(...named, { cause: error })
  }
  if (isGradlensError(error, 'UnsupportedError') && error.feature === 'lossFn') {
    return new UnsupportedError('questionLoss', rename(error.message), { cause: error })
  }
  return error
}
