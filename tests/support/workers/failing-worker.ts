const missing = '/no-such-module.js'
import(/* @vite-ignore */ missing).catch(reportError)
