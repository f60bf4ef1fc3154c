// Environment variables, where there is an environment (none in a browser).

/** The value of an environment variable; undefined where it is unset or empty. */
export function environmentVariable(name: string): string | undefined {
  const value = typeof process === 'undefined' ? undefined : process.env?.[name]
  return value === '' ? undefined : value
}
