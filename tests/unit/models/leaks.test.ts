import { describeLeakGuard } from '../../support/cases/leak-cases.js'

describeLeakGuard()
