import { packedFiles } from './log-folder.ts'
import { logId } from './log-id.ts'
import { handed, packedPage } from './page.ts'

/** The viewer with the log of a folder in it, as the text of one file. */
export async function* packLog(folder: string, name: string): AsyncGenerator<string> {
  const of = handed('packed', name, await logId(folder))
  yield* packedPage(of, packedFiles(folder, of.fold))
}
