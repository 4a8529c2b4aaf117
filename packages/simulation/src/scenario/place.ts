/** Where in a scenario something is wrong, and what. */
export class ScenarioError extends Error {
  override readonly name = 'ScenarioError'
  /** `tasks[1].steps[0].file`, or, once it runs, `scenario x, task a`; empty: the whole. */
  readonly place: string

  constructor(place: string, what: string, options?: ErrorOptions) {
    super(place === '' ? what : `${place}: ${what}`, options)
    this.place = place
  }
}

/** A value in a scenario that nobody has checked yet, with its place. */
export class Unchecked {
  readonly place: string
  readonly value: unknown

  constructor(value: unknown, place = '') {
    this.value = value
    this.place = place
  }

  /** @throws ScenarioError that says what was expected and found. */
  fail(expected: string): never {
    throw new ScenarioError(this.place, `expected ${expected}, found ${shown(this.value)}`)
  }

  get isThere(): boolean {
    return this.value !== undefined
  }

  /** Its fields; others than these are refused. */
  fields<K extends string>(...known: readonly K[]): { readonly [name in K]: Unchecked } {
    const { value, place } = this
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return this.fail(`an object with ${known.join(', ')}`)
    for (const key of Object.keys(value))
      if (!(known as readonly string[]).includes(key))
        throw new ScenarioError(at(place, key.slice(0, 40)), `there is no such field; known are ${known.join(', ')}`)
    return Object.fromEntries(
      known.map((name) => [
        name,
        new Unchecked(Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined, at(place, name)),
      ]),
    ) as { [name in K]: Unchecked }
  }

  /** Its elements; none when it is left out. */
  list(max: number): Unchecked[] {
    if (!this.isThere) return []
    if (!Array.isArray(this.value)) return this.fail('a list')
    if (this.value.length > max) throw new ScenarioError(this.place, `expected at most ${max} elements, found ${this.value.length}`)
    return this.value.map((element, n) => new Unchecked(element, `${this.place}[${n}]`))
  }

  text(expected: string, pattern: RegExp): string {
    return typeof this.value === 'string' && pattern.test(this.value) ? this.value : this.fail(expected)
  }

  count(min: number, max: number): number {
    const { value } = this
    return Number.isInteger(value) && Number(value) >= min && Number(value) <= max
      ? Number(value)
      : this.fail(`a number from ${min} to ${max}`)
  }

  flag(): boolean {
    return typeof this.value === 'boolean' ? this.value : this.fail('true or false')
  }

  oneOf<T extends string>(...words: readonly T[]): T {
    return words.find((word) => word === this.value) ?? this.fail(words.map((w) => `"${w}"`).join(' or '))
  }
}

const at = (place: string, name: string): string => (place === '' ? name : `${place}.${name}`)

/** A value as it is shown in an error: short. */
function shown(value: unknown): string {
  if (value === undefined) return 'nothing'
  const text = typeof value === 'bigint' ? String(value) : (JSON.stringify(value) ?? typeof value)
  return text.length > 60 ? `${text.slice(0, 57)}…` : text
}
