/** Loaded before a command: when it ends, what memory it needed at its most is written, in MiB, to the file that MAX_RSS_FILE names. */
import { writeFileSync } from 'node:fs'

process.on('exit', () => {
  const file = process.env['MAX_RSS_FILE']
  if (file !== undefined) writeFileSync(file, String(process.resourceUsage().maxRSS / 1024))
})
