import { spawnSync } from 'node:child_process'
import { join } from 'node:path'

/** What publint (the manifest) and arethetypeswrong (what a TypeScript consumer resolves) find wrong with a tarball. */
export function faultsOf(tarball: string, root: string): string[] {
  const checks = [
    ['publint', '--strict', tarball],
    ['attw', '--profile', 'esm-only', '--no-color', tarball],
  ] as const
  return checks.flatMap(([command, ...args]) => {
    const { status, stdout, stderr, error } = spawnSync(join(root, 'node_modules/.bin', command), args, { cwd: root, encoding: 'utf8' })
    return status === 0 ? [] : [`${command}:\n${error?.message ?? ''}${stdout}${stderr}`]
  })
}
