import { mkdir, stat } from 'node:fs/promises'
import { dirname, resolve, sep } from 'node:path'
import { exit, Failure } from '../session/failure.ts'

const codeOf = (error: unknown): string | undefined => (error as NodeJS.ErrnoException).code

/**
 * Makes a folder and those above it, one by one: `mkdir` with `recursive` never ends where a folder can neither be made
 * nor be found afterwards (below /proc).
 */
export async function makeFolders(folder: string, mode?: number): Promise<void> {
  const missing: string[] = []
  for (let at = resolve(folder); ; at = dirname(at)) {
    const found = await stat(at).catch((error: unknown) => {
      if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return null
      throw error
    })
    if (found?.isDirectory()) break
    if (found !== null) throw Object.assign(new Error(`${at} is not a folder`), { code: 'ENOTDIR', path: at })
    missing.push(at)
  }
  for (const at of missing.toReversed()) {
    await mkdir(at, mode === undefined ? {} : { mode }).catch((error: unknown) => {
      if (codeOf(error) !== 'EEXIST') throw error
    })
  }
}

/** Whether an error of the system comes from writing below a folder; one of reading the recording does not. */
function isAbout(error: unknown, folder: string): error is NodeJS.ErrnoException {
  if (!(error instanceof Error) || !/^E[A-Z0-9]+$|^ERR_SQLITE_ERROR$/.test(String(codeOf(error)))) return false
  const { path, syscall } = error as NodeJS.ErrnoException
  return path === undefined ? syscall !== 'read' : path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep)
}

/** Runs work that writes below `folder`. @throws Failure that says `what` cannot be written, why, and what to do. */
export async function writing<T>(folder: string, what: string, todo: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!isAbout(error, resolve(folder))) throw error
    throw new Failure(exit.damaged, `cannot write ${what} (${error.message}); ${todo}`, { cause: error })
  }
}
