import { createHandlers } from './handlers.js'
import { serve } from './serve.js'

serve(self, createHandlers)
