import { createImagePage } from '../image-page.js'
import { registerElements } from '../register-elements.js'

registerElements()

createImagePage({
  dataSet: 'garments',
  noun: { one: 'garment', many: 'garments' },
  parts: 'parts',
  classNames: [
    'T-shirt/top',
    'Trouser',
    'Pullover',
    'Dress',
    'Coat',
    'Sandal',
    'Shirt',
    'Sneaker',
    'Bag',
    'Ankle boot',
  ],
})
