import { create } from '../../dom.js'

/** Buttons that open the camera and take a picture. Without a camera, there are none. */
export function createCamera(
  take: (picture: Blob) => void,
  fail: (error: unknown) => void,
): HTMLElement[] {
  // Pages without a secure connection have no camera.
  const devices = (navigator as { readonly mediaDevices?: MediaDevices }).mediaDevices
  if (devices === undefined) return []
  const video = create('video', '')
  Object.assign(video, { playsInline: true, muted: true, hidden: true })
  const [open, shoot, stop] = ['Use the camera', 'Take the picture', 'Stop'].map((text) => {
    const button = create('button', '', text)
    button.type = 'button'
    return button
  }) as [HTMLButtonElement, HTMLButtonElement, HTMLButtonElement]
  let stream: MediaStream | undefined
  const show = (isOn: boolean): void => {
    video.hidden = shoot.hidden = stop.hidden = !isOn
    open.hidden = isOn
  }
  const close = (): void => {
    for (const track of stream?.getTracks() ?? []) track.stop()
    stream = undefined
    video.srcObject = null
    show(false)
  }
  const start = async (): Promise<void> => {
    stream = await devices.getUserMedia({ video: { facingMode: 'environment' }, audio: false })
    video.srcObject = stream
    show(true)
    await video.play()
  }
  open.addEventListener('click', () => {
    start().catch((error: unknown) => {
      close()
      const reason = error instanceof Error ? error.message : String(error)
      fail(
        new Error(
          `The camera could not be used: ${reason}. Allow it for this page, or choose a file.`,
        ),
      )
    })
  })
  stop.addEventListener('click', close)
  shoot.addEventListener('click', () => {
    if (video.videoWidth === 0) return
    const canvas = create('canvas', '')
    canvas.width = video.videoWidth
    canvas.height = video.videoHeight
    canvas.getContext('2d')?.drawImage(video, 0, 0)
    close()
    canvas.toBlob((picture) => {
      if (picture !== null) take(picture)
    })
  })
  show(false)
  return [video, open, shoot, stop]
}
