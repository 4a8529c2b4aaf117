#!/usr/bin/env node
const NODE_MIN = 24

// Older ones cannot even read the rest, so it is loaded only when it can be.
if (Number(process.versions.node.split('.', 1)[0]) < NODE_MIN) {
  process.stderr.write(
    `devtrail: needs Node.js ${NODE_MIN} or newer, this is ${process.version}; in a checkout, "npx --yes pnpm@12.21.0 devtrail" brings its own\n`,
  )
  process.exitCode = 2
} else {
  const { main } = await import('./cli/main.ts')
  process.exitCode = await main(process.argv.slice(2))
}

export {}
