import 'gradlens/elements/define'
import { createImagePage } from '../image-page.js'

createImagePage({
  dataSet: 'garments',
  noun: { one: 'garment', many: 'garments' },
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
