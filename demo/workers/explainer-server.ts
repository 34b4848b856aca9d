import { createHandlers } from './handlers.js'
import { serve } from './serve.js'

/** Takes the page's messages. */
export const receive = serve(self, createHandlers)
