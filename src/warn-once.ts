const shown = new WeakMap<object, Set<string>>()

/** The objects that warnings are counted by, where it is not the object itself. */
const subjects = new WeakMap<object, object>()

/** Makes warnings about `owner` count as warnings about `subject`: a wrapper and the model that it wraps. */
export function shareWarnings(owner: object, subject: object): void {
  subjects.set(owner, subject)
}

/** Writes a warning to the console, once for each subject and message. */
export function warnOnce(owner: object, message: string): void {
  const subject = subjects.get(owner) ?? owner
  const messages = shown.get(subject) ?? new Set()
  if (messages.has(message)) return
  shown.set(subject, messages.add(message))
  console.warn(`gradlens: ${message}`)
}
