import { rmSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { writing } from './writable.ts'

const REMEDY = 'name a folder that can be written and has room with TMPDIR'

/** A folder of its own in the system's folder for temporary files; gone when it is disposed of. */
export class TemporaryFolder implements Disposable {
  readonly path: string

  private constructor(path: string) {
    this.path = path
  }

  /** @param name - what it is for: a part of its name. @throws Failure that says what to do where none can be made */
  static async make(name: string): Promise<TemporaryFolder> {
    const above = tmpdir()
    const path = await writing(above, `temporary files in ${above}`, REMEDY, () => mkdtemp(join(above, `devtrail-${name}-`)))
    return new TemporaryFolder(path)
  }

  /** Runs work that writes into it. @throws Failure that says what to do where it cannot be written */
  async writing<T>(work: () => T | Promise<T>): Promise<T> {
    return writing(this.path, `temporary files in ${tmpdir()}`, REMEDY, async () => work())
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true })
  }
}
