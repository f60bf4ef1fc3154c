// What the library exports, and what the tables of mistakes hold, for the tests that compare the two.
import { readdirSync, readFileSync } from 'node:fs'
import * as tanuki from '../../src/index.ts'

/** The number of mistakes under each heading of the tables: a heading is a line that is not indented, a mistake is indented by two. */
export function tables(): Map<string, number> {
  const folder = new URL('messages/', import.meta.url)
  const found = new Map<string, number>()
  for (const file of readdirSync(folder)) {
    let heading = ''
    for (const line of readFileSync(new URL(file, folder), 'utf8').split('\n')) {
      if (/^\S/.test(line)) heading = line
      if (/^ {2}\S/.test(line)) found.set(heading, (found.get(heading) ?? 0) + 1)
    }
  }
  return found
}

export interface Exported {
  readonly name: string
  readonly value: unknown
}
/** Modules, and objects of functions: `engine`. */
function isNamespace(value: unknown): value is object {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  return (
    Reflect.get(value, Symbol.toStringTag) === 'Module' ||
    Object.values(value).every((one) => typeof one === 'function')
  )
}
/** All functions and classes, in namespaces too: `layers.dense`, `ops.image.resize`. */
function exportsOf(module: object, prefix = ''): Exported[] {
  return Object.entries(module).flatMap(([key, value]: [string, unknown]) => {
    const name = prefix + key
    if (typeof value === 'function') return [{ name, value }]
    return isNamespace(value) ? exportsOf(value, `${name}.`) : []
  })
}
export const all = exportsOf(tanuki)

type Class = abstract new (...args: never) => object
export const isClass = (value: unknown): value is Class =>
  typeof value === 'function' && /^class\b/.test(Function.prototype.toString.call(value))

/**
 * Methods, static ones and setters of the exported classes, as `Dataset.map`, each under the first class that has it. What begins
 * with `_` is not public.
 */
export function publicMethods(): string[] {
  const names = new Map<unknown, string>()
  for (const { name, value } of all)
    if (isClass(value) && !(value.prototype instanceof Error) && !names.has(value))
      names.set(value, name.split('.').at(-1)!)
  const found = new Set<string>()
  for (const cls of names.keys()) {
    const chain = ancestors(cls as Class)
    for (const objects of [chain, chain.map((one) => one.prototype as object)])
      for (const object of objects)
        for (const key of Object.getOwnPropertyNames(object)) {
          const property = Object.getOwnPropertyDescriptor(object, key)!
          if (/^(_|constructor$|prototype$|name$|length$)/.test(key)) continue
          if (typeof property.value !== 'function' && !('set' in property && property.set !== undefined)) continue
          // A class that is not exported is known by those that extend it.
          const first = objects.findLastIndex((one, i) => names.has(chain[i]) && key in one)
          found.add(`${names.get(chain[first])!}.${key}`)
        }
  }
  return [...found].sort()
}

/** The class, the one that it extends, and so on. */
function ancestors(cls: Class): Class[] {
  const parent: unknown = Object.getPrototypeOf(cls)
  return isClass(parent) ? [cls, ...ancestors(parent)] : [cls]
}
