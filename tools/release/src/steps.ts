/** Says what is being done, and how long it took. */
export class Steps {
  readonly #write: (text: string) => void

  constructor(write: (text: string) => void) {
    this.#write = write
  }

  async step<T>(name: string, work: () => T | Promise<T>, told: (result: T) => string = () => 'ok'): Promise<T> {
    this.#write(`${name} … `)
    const from = performance.now()
    try {
      const result = await work()
      this.#write(`${told(result)} (${((performance.now() - from) / 1000).toFixed(1)} s)\n`)
      return result
    } catch (error) {
      this.#write('FAILED\n')
      throw error
    }
  }
}
