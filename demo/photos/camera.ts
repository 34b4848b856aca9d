import { find } from '../dom.js'
import { cropPhoto, type Photo } from './photo.js'

/** Shows the camera's picture over the photo until the user takes one. */
export function createCamera(
  take: (photo: Photo) => void,
  fail: (message: string) => void,
): { stop(): void } {
  const video = find('#camera-video', HTMLVideoElement)
  const [start, shoot, cancel] = ['#camera', '#shoot', '#camera-stop'].map((selector) =>
    find(selector, HTMLButtonElement),
  ) as [HTMLButtonElement, HTMLButtonElement, HTMLButtonElement]
  let stream: MediaStream | undefined
  // Pages without a secure connection have no camera.
  const devices = (navigator as { readonly mediaDevices?: MediaDevices }).mediaDevices
  start.hidden = devices === undefined

  const show = (isOn: boolean): void => {
    video.hidden = shoot.hidden = cancel.hidden = !isOn
    start.hidden = isOn || devices === undefined
  }
  const stop = (): void => {
    for (const track of stream?.getTracks() ?? []) track.stop()
    stream = undefined
    video.srcObject = null
    show(false)
  }
  const open = async (): Promise<void> => {
    if (devices === undefined) return
    try {
      stream = await devices.getUserMedia({ video: { facingMode: 'environment' }, audio: false })
      video.srcObject = stream
      show(true)
      await video.play()
    } catch (error) {
      stop()
      const reason = error instanceof Error ? error.message : String(error)
      fail(`The camera could not be used: ${reason}. Allow it for this page, or choose a file.`)
    }
  }
  start.addEventListener('click', () => void open())
  cancel.addEventListener('click', stop)
  shoot.addEventListener('click', () => {
    if (video.videoWidth === 0) return
    const photo = cropPhoto(video, 'your photo')
    stop()
    take(photo)
  })
  return { stop }
}
