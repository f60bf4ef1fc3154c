// Plans of every family of applications, in inference and in a training step: none holds a reference kernel of oneDNN.
import { beforeAll, describe, expect, it } from 'vitest'
import { list } from '../../../src/applications/index.ts'
import * as layers from '../../../src/layers/index.ts'
import { model } from '../../../src/models/index.ts'
import * as optimizers from '../../../src/optimizers/index.ts'
import { ready, setEngine, tensor } from '../../../src/ops/index.ts'
import type { Tensor } from '../../../src/ops/index.ts'
import { plansOf } from './plans-of.ts'

beforeAll(async () => {
  await setEngine('native')
  await ready()
})

interface Variant {
  readonly size: number
  readonly options?: Record<string, unknown>
  /** False where a training step would take long and has no step that another family lacks. */
  readonly train?: boolean
}

// The first of each family, and others whose channels are unlike its. Odd sizes reach the borders of windows.
const chosen: Readonly<Record<string, readonly Variant[]>> = {
  vgg16: [{ size: 33 }],
  resNet50: [{ size: 49 }],
  resNet50V2: [{ size: 49 }],
  inceptionV3: [{ size: 75 }],
  inceptionResNetV2: [{ size: 75, train: false }],
  mobileNet: [{ size: 49 }, { size: 32, options: { alpha: 0.25, depthMultiplier: 2 } }],
  mobileNetV2: [{ size: 49 }, { size: 32, options: { alpha: 0.35 } }],
  mobileNetV3Small: [{ size: 49 }, { size: 32, options: { minimalistic: true } }],
  denseNet121: [{ size: 49 }],
  nasNetMobile: [{ size: 49 }],
  efficientNetB0: [{ size: 49 }],
  efficientNetV2B0: [{ size: 49 }],
  convNeXtTiny: [{ size: 49 }],
}
const cases = Object.entries(chosen).flatMap(([name, variants]) => variants.map((variant) => ({ name, ...variant })))

it('every family is among them, except those that plans.test.ts has', () => {
  const families = new Set(list().filter(({ name }) => name in chosen).map(({ family }) => family))
  for (const { family } of list())
    if (!['xception', 'efficientnet_lite', 'vgg19'].includes(family)) expect(families).toContain(family)
})

describe.each(cases)('$name of $size pixels, $options', ({ name, size, options = {}, train = true }) => {
  it(`has no reference kernel in inference${train ? ' or training' : ''}`, async () => {
    const { build } = list().find((application) => application.name === name)!
    const shape = [size, size, 3]
    const base = await build({ weights: null, includeTop: false, inputShape: shape, pooling: 'avg', ...options })
    const inputs = layers.input({ shape })
    const outputs = layers.dense({ units: 3 }).apply(base.apply(inputs))
    const network = model({ inputs, outputs })
    network.compile({ optimizer: optimizers.sgd(), loss: 'mse' })
    const x = tensor(
      Float32Array.from({ length: 2 * size * size * 3 }, (_, i) => Math.sin(i * 0.37)),
      { shape: [2, ...shape] },
    )
    const y = tensor(new Float32Array(6).fill(0.5), { shape: [2, 3] })
    const plans = await plansOf(async () => {
      await ((await network.predictOnBatch(x)) as Tensor).data()
      if (train) await network.trainOnBatch(x, y)
    })
    expect(plans.length).toBeGreaterThanOrEqual(train ? 2 : 1)
    let steps = 0
    for (const { plan } of plans) {
      for (const [op, { implementation }] of plan.steps) {
        expect(implementation, op.label).not.toContain('ref')
        steps++
      }
    }
    expect(steps).toBeGreaterThan(50)
  })
})
