// The base class of optimizers: everything that is not the update rule itself (keras-semantics 4.1).
import { ArgumentError, problem, ShapeError } from '../errors.ts'
import { sameShape, type Shape, showShape } from '../graph/types.ts'
import { type Config, optionsOf } from '../initializers/objects.ts'
import { classNameOf } from '../losses/class-name.ts'
import { autoName, toSnakeCase } from '../ops/naming.ts'
import * as ops from '../ops/index.ts'
import { type Tensor, Variable } from '../ops/index.ts'
import { warnOnce } from '../platform/warn.ts'
import { LearningRateSchedule, serialize } from '../schedules/index.ts'
import { checkExclusions, type Exclusions, requireGradients, requirePairs, requireVariables } from './call-checks.ts'
import { clipGradients } from './clip.ts'
import { checkLearningRate, type LearningRate, LearningRateVariable } from './learning-rate.ts'
import { type LearningRateMultipliers, multiplierOf } from './multipliers.ts'
import { checkOptions, type OptimizerOptions } from './options.ts'
import { PendingValues } from './pending.ts'

/** One slot variable for each trainable variable, named after it. */
interface SlotOptions {
  /** What slots are filled with. Default 0. */
  initial?: number
}

/**
 * An optimizer. Subclasses write `createSlots`, `prepare` (the scalars of one step) and `update` (the rule for one variable).
 * All its assignments are lazy, so that a training step with its loss, gradients, metrics and update is one graph; decisions
 * (accumulating, skipping) are made inside of that graph.
 */
export abstract class Optimizer<Shared = unknown> {
  readonly name: string
  readonly weightDecay: number | null
  readonly clipnorm: number | null
  readonly globalClipnorm: number | null
  readonly clipvalue: number | null
  readonly useEma: boolean
  readonly emaMomentum: number
  readonly emaOverwriteFrequency: number | null
  /** LossScaleOptimizer takes it from the optimizer that it wraps. */
  lossScaleFactor: number | null
  readonly gradientAccumulationSteps: number | null
  readonly learningRateMultipliers: LearningRateMultipliers | null

  readonly #iteration: Variable
  #learningRate: LearningRateVariable | LearningRateSchedule
  readonly #variables: Variable[] = []
  readonly #slots = new Map<string, Variable[]>()
  readonly #indices = new Map<Variable, number>()
  #trained: readonly Variable[] | null = null
  /** Number of variables before `build`. */
  #unbuiltSize = 0
  #pending = new PendingValues()
  #scopesAll = false
  #excluded: { variables: ReadonlySet<Variable>; names: RegExp | null } = { variables: new Set(), names: null }

  /** @throws ArgumentError for options out of range, or two kinds of clipping. */
  constructor(options: OptimizerOptions & { learningRate: LearningRate }) {
    this.name = options.name ?? autoName(toSnakeCase(this.className))
    this.weightDecay = options.weightDecay ?? null
    this.clipnorm = options.clipnorm ?? null
    this.globalClipnorm = options.globalClipnorm ?? null
    this.clipvalue = options.clipvalue ?? null
    this.useEma = options.useEma ?? false
    this.emaMomentum = options.emaMomentum ?? 0.99
    this.emaOverwriteFrequency = options.emaOverwriteFrequency ?? null
    this.lossScaleFactor = options.lossScaleFactor ?? null
    this.gradientAccumulationSteps = options.gradientAccumulationSteps ?? null
    this.learningRateMultipliers = options.learningRateMultipliers ?? null
    checkOptions(this.className, options)
    this.#iteration = this.addVariable('iteration', { shape: [], integer: true })
    const rate = checkLearningRate(this.className, options.learningRate)
    this.#learningRate = typeof rate === 'number' ? this.#track(new LearningRateVariable(rate, this.name)) : rate
  }

  /** Keras's class name, under which the optimizer is stored. */
  get className(): string {
    return classNameOf(this.constructor)
  }

  /** How often `apply` was called (int32 scalar; Keras stores it as int64). */
  get iterations(): Variable {
    return this.#iteration
  }
  /** How often the weights were updated: `iterations`, divided by the accumulation steps. float32 scalar. */
  get updateCount(): Tensor {
    const count = ops.cast(this.#iteration, 'float32')
    const steps = this.gradientAccumulationSteps
    return steps === null ? count : ops.floor(ops.divide(count, steps))
  }

  /** The rate as it is set: a number (rounded to float32), or the schedule. */
  get learningRate(): number | LearningRateSchedule {
    return this.#learningRate instanceof LearningRateVariable ? this.#learningRate.host : this.#learningRate
  }
  /**
   * A number takes effect at the next step, also in a step that is compiled already; a new schedule only in steps compiled
   * afterwards.
   * @throws ArgumentError for a number where a schedule decides.
   */
  set learningRate(value: LearningRate) {
    const rate = checkLearningRate(`${this.className}.learningRate`, value)
    const current = this.#learningRate
    if (typeof rate !== 'number') {
      this.#learningRate = rate
      if (current instanceof LearningRateVariable) this.#variables.splice(this.#variables.indexOf(current), 1)
    } else if (current instanceof LearningRateVariable) {
      current.assign(rate)
    } else {
      throw new ArgumentError(
        problem({
          where: `${this.className}.learningRate`,
          expected: `no number, because the schedule ${current.name} decides the rate`,
          received: rate,
          hint: 'Create the optimizer with a number to be able to set the rate',
        }),
      )
    }
  }
  /** The rate that the next step will use. */
  async currentLearningRate(): Promise<number> {
    return ops.multiply(this.#rate(), 1).item()
  }

  /** State: iteration, learning_rate (unless scheduled), averages, accumulators, then the rule's slots. Keras's order. */
  get variables(): Variable[] {
    return [...this.#variables]
  }

  get built(): boolean {
    return this.#trained !== null
  }
  /** What the optimizer was built for. */
  get trainedVariables(): readonly Variable[] {
    return this.#trained ?? []
  }

  /**
   * Creates the state for these variables; from then on, it takes gradients of these only. A second call does nothing.
   * @param withinStep True where a step builds it: Keras then puts the optimizer's name before all paths, else before most.
   */
  build(variables: readonly Variable[], withinStep = false): void {
    if (this.#trained !== null) return
    requireVariables(`${this.name}, build`, variables)
    this.#scopesAll = withinStep
    this.#unbuiltSize = this.#variables.length
    this.#trained = [...variables]
    for (const [index, variable] of variables.entries()) this.#indices.set(variable, index)
    if (this.useEma) this.addSlots(variables, ['average'])
    if (this.gradientAccumulationSteps !== null) this.addSlots(variables, ['gradient_accumulator'])
    this.createSlots(variables)
  }

  /** @internal Undoes `build`: what it made turned out not to be what is needed. */
  unbuild(): void {
    this.#variables.splice(this.#unbuiltSize)
    this.#slots.clear()
    this.#indices.clear()
    this.#trained = null
  }

  /**
   * Updates variables by gradients of the same order. null gradients leave their variable alone. Lazy: outside of a traced
   * function it ends with `flush()`, so that each step runs as one graph.
   * @param variables Default: those that the optimizer was built for. The first call builds it.
   * @throws ArgumentError for variables that it was not built for, or if there is no gradient at all.
   */
  apply(gradients: readonly (Tensor | null)[], variables?: readonly Variable[]): void {
    const where = `${this.name}, apply`
    requireGradients(where, gradients)
    if (variables !== undefined) requireVariables(where, variables)
    this.applyWhere(null, gradients, variables)
    if (!ops.inTrace()) ops.flush()
  }
  /** `apply` for pairs of gradient and variable. */
  applyGradients(pairs: readonly (readonly [Tensor | null, Variable])[]): void {
    requirePairs(`${this.name}, applyGradients`, pairs)
    this.apply(
      pairs.map(([gradient]) => gradient),
      pairs.map(([, variable]) => variable),
    )
  }

  /** @internal `apply` without flush, and without any effect where `condition` (bool scalar) is false. */
  applyWhere(condition: Tensor | null, gradients: readonly (Tensor | null)[], variables?: readonly Variable[]): void {
    if (gradients.length === 0) return
    const pairs = this.#pairs(gradients, variables)
    this.#pending = new PendingValues()
    const scale = this.lossScaleFactor
    const unscaled = pairs.map(({ gradient }) => (scale === null ? gradient : ops.divide(gradient, scale)))
    const targets = pairs.map(({ variable }) => variable)
    const steps = this.gradientAccumulationSteps
    if (steps === null) this.#updateAll(unscaled, targets)
    else this.#accumulate(unscaled, targets, steps)
    if (this.useEma) this.#average()
    this.write(this.#iteration, ops.add(this.#iteration.value(), 1))
    for (const variable of targets) {
      if (variable.constraint !== null) this.write(variable, variable.constraint(this.read(variable)))
    }
    this.#pending.commit(condition)
  }

  /** The loss to take gradients of: multiplied by `lossScaleFactor`, if there is one. */
  scaleLoss(loss: Tensor): Tensor {
    return this.lossScaleFactor === null ? loss : ops.multiply(loss, this.lossScaleFactor)
  }

  /** Replaces weights by their moving averages, if these are kept; `fit` calls it at its end. */
  finalizeVariableValues(variables: readonly Variable[]): void {
    if (!this.useEma) return
    for (const variable of variables) variable.assign(this.slot('average', variable).value())
  }

  /**
   * Puts the moving averages in the weights' place, and the weights in theirs; does nothing before the optimizer is built.
   * @throws ArgumentError without `useEma`.
   */
  swapAverages(): void {
    this.#requireAverages('swapAverages')
    for (const variable of this.trainedVariables) {
      const average = this.slot('average', variable)
      const [weights, averages] = [variable.value(), average.value()]
      variable.assign(averages)
      average.assign(weights)
    }
  }
  /** Makes the present weights their own averages. @throws ArgumentError without `useEma`. */
  keepAsAverages(): void {
    this.#requireAverages('keepAsAverages')
    for (const variable of this.trainedVariables) this.slot('average', variable).assign(variable.value())
  }
  #requireAverages(method: string): void {
    if (this.useEma) return
    const where = `${this.className}.${method}`
    const hint = 'E.g. optimizers.sgd({ useEma: true })'
    throw new ArgumentError(problem({ where, expected: 'an optimizer with `useEma`', received: 'one without', hint }))
  }

  /**
   * Leaves variables out of weight decay: the given ones, and those in whose name one of the regular expressions is found.
   * @throws ArgumentError for others, and after the optimizer was built.
   */
  excludeFromWeightDecay(options: Exclusions): void {
    checkExclusions(`${this.className}.excludeFromWeightDecay`, options)
    if (this.built) {
      throw new ArgumentError(
        problem({
          where: `${this.className}.excludeFromWeightDecay`,
          expected: 'a call before the optimizer is built',
          received: 'one after',
        }),
      )
    }
    const { variables = [], names = [] } = options
    this.#excluded = { variables: new Set(variables), names: names.length === 0 ? null : new RegExp(names.join('|')) }
  }

  /** Keras's config: the constructor's options with keys in snake_case. */
  getConfig(): Config {
    const multipliers = this.learningRateMultipliers
    const rate = this.learningRate
    return {
      name: this.name,
      learning_rate: rate instanceof LearningRateSchedule ? serialize(rate) : rate,
      weight_decay: this.weightDecay,
      clipnorm: this.clipnorm,
      global_clipnorm: this.globalClipnorm,
      clipvalue: this.clipvalue,
      use_ema: this.useEma,
      ema_momentum: this.emaMomentum,
      ema_overwrite_frequency: this.emaOverwriteFrequency,
      loss_scale_factor: this.lossScaleFactor,
      gradient_accumulation_steps: this.gradientAccumulationSteps,
      ...(multipliers !== null && typeof multipliers !== 'function'
        ? { learning_rate_multipliers: { ...multipliers } }
        : {}),
    }
  }

  static fromConfig<T>(this: new (options: never) => T, config: Config): T {
    return new this(optionsOf(this.name, config) as never)
  }

  // What subclasses write

  /** Creates the rule's state with `addSlots`. */
  protected createSlots(_variables: readonly Variable[]): void {}
  /** Scalars of one step, shared by all variables of one learning rate. `step` is 1 at the first update (float32 scalar). */
  protected abstract prepare(rate: Tensor, step: Tensor): Shared
  /** The rule: reads with `read`, assigns with `write`. */
  protected abstract update(gradient: Tensor, variable: Variable, shared: Shared): void
  /** The weight decay of a variable; null for none. */
  protected decayOf(_variable: Variable): number | null {
    return this.weightDecay
  }

  // What subclasses use

  protected get hasSchedule(): boolean {
    return this.#learningRate instanceof LearningRateSchedule
  }
  /** A variable's value as this step has left it so far. */
  protected read(variable: Variable): Tensor {
    return this.#pending.read(variable)
  }
  protected write(variable: Variable, value: Tensor): void {
    this.#pending.write(variable, value)
  }
  /** One more Variable of state; the optimizer's name stands before its path, unless `scoped` is false and no step builds it. */
  protected addVariable(
    name: string,
    {
      shape,
      initial = 0,
      scoped = true,
      integer = false,
    }: { shape: Shape; initial?: number; scoped?: boolean; integer?: boolean },
  ): Variable {
    const variable = new Variable(initial, { shape, dtype: integer ? 'int32' : 'float32', trainable: false, name })
    variable.path = scoped || this.#scopesAll ? `${this.name}/${name}` : name
    return this.#track(variable)
  }
  /** Slots of several kinds for each variable, in Keras's order: all kinds of the first variable, then of the second, … */
  protected addSlots(
    variables: readonly Variable[],
    kinds: readonly string[],
    { initial = 0 }: SlotOptions = {},
  ): void {
    for (const variable of variables) for (const kind of kinds) this.addSlot(variable, kind, initial)
  }
  protected addSlot(variable: Variable, kind: string, initial = 0): void {
    const name = `${variable.path.replaceAll('/', '_')}_${kind}`
    this.keepSlot(variable, kind, this.addVariable(name, { shape: variable.shape, initial }))
  }
  protected keepSlot(variable: Variable, kind: string, slot: Variable): void {
    const slots = this.#slots.get(kind) ?? []
    slots[this.#indices.get(variable)!] = slot
    this.#slots.set(kind, slots)
  }
  protected slot(kind: string, variable: Variable): Variable {
    return this.#slots.get(kind)![this.#index(variable)]!
  }

  // The step

  #pairs(
    gradients: readonly (Tensor | null)[],
    variables: readonly Variable[] | undefined,
  ): { gradient: Tensor; variable: Variable }[] {
    const where = `${this.className}.apply`
    if (variables !== undefined) this.build(variables, true)
    const targets = variables ?? this.#trained
    if (targets === null) {
      throw new ArgumentError(
        problem({
          where,
          expected: 'variables, or a call of build(variables) before',
          received: 'neither',
        }),
      )
    }
    if (targets.length !== gradients.length) {
      throw new ArgumentError(
        problem({
          where,
          expected: `one gradient for each of ${targets.length} variables`,
          received: gradients.length,
        }),
      )
    }
    for (const variable of targets) this.#index(variable)
    const pairs: { gradient: Tensor; variable: Variable }[] = []
    const missing: string[] = []
    for (const [i, gradient] of gradients.entries()) {
      const variable = targets[i]!
      if (gradient === null) missing.push(variable.path)
      else if (!sameShape(gradient.shape, variable.shape))
        throw new ShapeError(
          problem({
            where,
            expected: `a gradient of shape ${showShape(variable.shape)} for ${variable.path}`,
            received: gradient,
          }),
        )
      else pairs.push({ gradient, variable })
    }
    if (pairs.length === 0) {
      throw new ArgumentError(
        problem({
          where,
          expected: 'a gradient for at least one variable',
          received: `none for ${missing.join(', ')}`,
          hint: 'The loss does not depend on them: was it computed inside of the tape, and are they trainable?',
        }),
      )
    }
    if (missing.length > 0)
      warnOnce(`no gradients for the variables ${missing.join(', ')}: the loss does not depend on them`)
    return pairs
  }

  #updateAll(gradients: readonly Tensor[], variables: readonly Variable[]): void {
    const clipped = clipGradients(gradients, this)
    const rate = this.#rate()
    const step = ops.add(this.updateCount, 1)
    const groups = new Map<number, { rate: Tensor; shared: Shared; decays: Map<number, Tensor> }>()
    for (const [i, variable] of variables.entries()) {
      const multiplier = multiplierOf(this.learningRateMultipliers, variable)
      let group = groups.get(multiplier)
      if (group === undefined) {
        const own = multiplier === 1 ? rate : ops.multiply(rate, multiplier)
        group = { rate: own, shared: this.prepare(own, step), decays: new Map() }
        groups.set(multiplier, group)
      }
      const decay = this.#excludedFromDecay(variable) ? null : this.decayOf(variable)
      if (decay !== null) {
        const share = group.decays.get(decay) ?? ops.multiply(group.rate, decay)
        group.decays.set(decay, share)
        const value = this.read(variable)
        this.write(variable, ops.subtract(value, ops.multiply(value, share)))
      }
      this.update(clipped[i]!, variable, group.shared)
    }
  }

  /** Updates with the mean of the last gradients at every n-th call, and otherwise only adds them up. */
  #accumulate(gradients: readonly Tensor[], variables: readonly Variable[], steps: number): void {
    const isUpdate = ops.equal(ops.mod(ops.add(this.#iteration.value(), 1), steps), 0)
    const sums = new Map<Variable, Tensor>()
    for (const [i, variable] of variables.entries()) {
      sums.set(variable, ops.add(this.slot('gradient_accumulator', variable).value(), gradients[i]!))
    }
    this.#updateAll(
      variables.map((variable) => ops.divide(sums.get(variable)!, steps)),
      variables,
    )
    this.#pending.restrictTo(isUpdate)
    for (const variable of this.trainedVariables) {
      const accumulator = this.slot('gradient_accumulator', variable)
      this.write(accumulator, ops.where(isUpdate, 0, sums.get(variable) ?? accumulator.value()))
    }
  }

  /** Moves the averages of all weights, and puts them in the weights' place where it is time. */
  #average(): void {
    const count = this.updateCount
    const momentum = ops.where(ops.equal(count, 0), 0, this.emaMomentum)
    const rest = ops.subtract(1, momentum)
    const frequency = this.emaOverwriteFrequency
    const overwrite = frequency === null ? null : ops.equal(ops.mod(ops.add(count, 1), frequency), 0)
    for (const variable of this.trainedVariables) {
      const slot = this.slot('average', variable)
      const value = this.read(variable)
      const average = ops.add(ops.multiply(momentum, slot.value()), ops.multiply(rest, value))
      this.write(slot, average)
      if (overwrite !== null) this.write(variable, ops.where(overwrite, average, value))
    }
  }

  #rate(): Tensor {
    const rate = this.#learningRate
    // A schedule sees every call, also those that only accumulate.
    return rate instanceof LearningRateSchedule ? rate.apply(this.#iteration) : rate.value()
  }

  #excludedFromDecay(variable: Variable): boolean {
    const { variables, names } = this.#excluded
    return variables.has(variable) || (names !== null && names.test(variable.name))
  }

  #index(variable: Variable): number {
    const index = this.#indices.get(variable)
    if (index !== undefined) return index
    throw new ArgumentError(
      problem({
        where: this.className,
        expected: 'one of the variables that the optimizer was built for',
        received: variable.path,
        hint: 'Use a new optimizer for another set of variables (compile() the model again after changing what is trainable)',
      }),
    )
  }

  #track<T extends Variable>(variable: T): T {
    this.#variables.push(variable)
    return variable
  }
}
