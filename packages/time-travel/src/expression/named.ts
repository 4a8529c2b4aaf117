/** What stands for something that goes by names: a device, a pagemap, a node of a tree. It is equal to each of them. */
export class Named {
  /** The one that is shown first. */
  readonly names: readonly string[]
  /** Whether a text may be a further name of it, which later events tell; null: it has no others. */
  readonly mayBe: ((text: string) => boolean) | null

  constructor(names: readonly string[], mayBe: Named['mayBe'] = null) {
    this.names = names
    this.mayBe = mayBe
  }
}
