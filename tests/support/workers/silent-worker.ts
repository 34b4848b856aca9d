// A worker whose author forgot to call exposeExplainers.
self.addEventListener('message', () => undefined)
