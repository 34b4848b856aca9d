import { languageNetSuite } from '../support/language-net-suite.js'

languageNetSuite()
