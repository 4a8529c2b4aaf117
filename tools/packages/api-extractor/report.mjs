// Writes, or with "check" compares, the API report of each entry point named on stdin: [{ folder, types, reports, report }].
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Extractor, ExtractorConfig } from '@microsoft/api-extractor'

const [mode, root, temp] = process.argv.slice(2)
const quiet = { default: { logLevel: 'none' } }

const configOf = ({ folder, types, reports, report }) =>
  ExtractorConfig.prepare({
    packageJsonFullPath: join(folder, 'package.json'),
    configObjectFullPath: undefined,
    configObject: {
      projectFolder: folder,
      mainEntryPointFilePath: types,
      newlineKind: 'lf',
      compiler: {
        overrideTsconfig: {
          compilerOptions: {
            target: 'ESNext',
            lib: ['ESNext'],
            module: 'NodeNext',
            strict: true,
            skipLibCheck: true,
            types: ['node'],
            typeRoots: [join(root, 'node_modules/@types')],
          },
          files: [types],
        },
      },
      apiReport: { enabled: true, reportFolder: reports, reportTempFolder: temp, reportFileName: report },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
      // What the compiler says is the compiler's affair; how comments are written, the linter's.
      messages: { compilerMessageReporting: quiet, extractorMessageReporting: quiet, tsdocMessageReporting: quiet },
    },
  })

for (const entry of JSON.parse(readFileSync(0, 'utf8'))) {
  const { apiReportChanged } = Extractor.invoke(configOf(entry), {
    localBuild: mode !== 'check',
    messageCallback: (message) => (message.handled = true),
  })
  if (apiReportChanged) process.stdout.write(`${join(entry.reports, entry.report)}\n`)
}
