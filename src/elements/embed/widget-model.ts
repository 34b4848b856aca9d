/** The model of an anywidget, as far as the widget uses it. */
export interface WidgetModel {
  get(name: string): unknown
  set(name: string, value: unknown): void
  save_changes(): void
  send(content: unknown): void
  on(event: string, listener: (...args: unknown[]) => void): void
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
