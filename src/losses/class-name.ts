// The Keras class name of a loss, metric, optimizer or schedule.

interface Named {
  readonly name: string
  readonly className?: string
}

/** The class's own `static className`, else the JavaScript name; a subclass does not inherit its parent's. */
export function classNameOf(constructor: unknown): string {
  const named = constructor as Named
  return Object.hasOwn(named, 'className') && named.className !== undefined ? named.className : named.name
}
