/** The model of an anywidget, as far as the widget uses it. */
export interface WidgetModel {
  /** The value of a trait. */
  get(name: string): unknown
  /** Sets a trait, which `save_changes` then sends to the kernel. */
  set(name: string, value: unknown): void
  /** Sends the traits that were set to the kernel. */
  save_changes(): void
  /** Sends a custom message to the kernel. */
  send(content: unknown): void
  /** Adds a listener, such as for `change:frame` or `msg:custom`. */
  on(event: string, listener: (...args: unknown[]) => void): void
  /** Removes a listener. */
  off(event: string, listener: (...args: unknown[]) => void): void
}

/** The bytes of a trait; null if there are none. */
export function getBytes(model: WidgetModel, name: string): Uint8Array | null {
  return toBytes(model.get(name))
}

/** The bytes of a buffer, as the hosts pass them; null if there are none. */
export function toBytes(value: unknown): Uint8Array | null {
  const bytes = ArrayBuffer.isView(value)
    ? new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
    : value instanceof ArrayBuffer
      ? new Uint8Array(value)
      : null
  return bytes === null || bytes.length === 0 ? null : bytes
}
