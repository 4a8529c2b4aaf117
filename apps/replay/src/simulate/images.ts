/** The images that a scenario names: files with the bytes of namespaces, which are read, and never written. */
import { createHash } from 'node:crypto'
import { dirname, resolve } from 'node:path'
import type { NamespaceSpec, Scenario } from '@devtrail/simulation'
import type { Medium } from '@devtrail/nvdimm-pmem/media'
import { exit, Failure } from '../session/failure.ts'
import type { Session } from '../session/session.ts'
import { openImage, type Image } from '../pmem/image.ts'

/** What each image held when a log was made with it: sha256 of its bytes, by its path. */
export type ImageHashes = Readonly<Record<string, string>>

/** Bytes that are hashed at a time. */
const PIECE = 1 << 20

/** A scenario whose images are named from the root on: they lie beside the file that names them, or where devtrail runs. */
export function withWholePaths(scenario: Scenario, file: string | null): Scenario {
  const beside = file === null ? '.' : dirname(file)
  const whole = (spec: NamespaceSpec): NamespaceSpec => (spec.image === undefined ? spec : { ...spec, image: resolve(beside, spec.image) })
  const { namespaces = [] } = scenario
  return namespaces.some(({ image }) => image !== undefined) ? { ...scenario, namespaces: namespaces.map(whole) } : scenario
}

async function hashOf(medium: Medium, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256')
  const piece = new Uint8Array(PIECE)
  for (let at = 0; at < medium.size; at += PIECE) {
    const some = piece.subarray(0, Math.min(PIECE, medium.size - at))
    medium.load(at, some)
    hash.update(some)
    await new Promise((done) => setImmediate(done))
    signal.throwIfAborted()
  }
  return hash.digest('hex')
}

/** Images while they are open. */
export class Images implements AsyncDisposable {
  readonly hashes: ImageHashes
  readonly #opened: ReadonlyMap<string, Medium>
  readonly #close: AsyncDisposableStack

  private constructor(hashes: ImageHashes, opened: ReadonlyMap<string, Medium>, close: AsyncDisposableStack) {
    this.hashes = hashes
    this.#opened = opened
    this.#close = close
  }

  /** Opens all that a scenario names; `before`: what they held when it was run. @throws Failure for one that is not there, or was changed. */
  static async of({ namespaces = [] }: Scenario, before: ImageHashes | null, session: Session): Promise<Images> {
    await using close = new AsyncDisposableStack()
    const opened = new Map<string, Medium>()
    const hashes = new Map<string, string>()
    for (const [n, { image }] of namespaces.entries()) {
      if (image === undefined || opened.has(image)) continue
      const { medium } = close.use(await opening(image, `namespaces[${n}].image`, session))
      const sha256 = await hashOf(medium, session.interrupt.signal)
      if (before !== null && before[image] !== sha256)
        throw new Failure(exit.damaged, `${image} was changed since the log was simulated with it; simulate the log anew`)
      opened.set(image, medium)
      hashes.set(image, sha256)
    }
    return new Images(Object.fromEntries(hashes), opened, close.move())
  }

  open(image: string): Medium {
    return this.#opened.get(image)!
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#close.disposeAsync()
  }
}

async function opening(image: string, place: string, session: Session): Promise<Image> {
  try {
    return await openImage(image, session, {})
  } catch (error) {
    if (error instanceof Failure) throw error
    throw new Failure(exit.damaged, `${place}: ${image} cannot be opened (${(error as Error).message})`, { cause: error })
  }
}
