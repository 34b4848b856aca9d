import { describeLeakGuard } from '../support/leak-cases.js'

describeLeakGuard()
