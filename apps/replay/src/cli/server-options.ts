/** What says who asks a NATS server: of every command, for each takes LOGs that are there. */
import type { Command, Help, Option } from 'commander'

const GROUP = 'Logs on a NATS server:'

const OPTIONS: readonly (readonly [flags: string, says: string])[] = [
  ['--context <NAME>', 'a context of the nats command (also: NATS_CONTEXT)'],
  ['--creds <FILE>', "a user's credentials: JWT and seed (also: NATS_CREDS)"],
  ['--nkey <FILE>', "the seed of a user's nkey (also: NATS_NKEY)"],
  ['--tlscert <FILE>', 'the certificate of who asks (also: NATS_CERT)'],
  ['--tlskey <FILE>', 'its key (also: NATS_KEY)'],
  ['--tlsca <FILE>', "the certificate of the authority that signed the server's (also: NATS_CA)"],
  ['--js-domain <NAME>', "the JetStream domain that the stream is in (also: a context's jetstream_domain)"],
  ['--js-api-prefix <SUBJECT>', "what an account's import put in the place of $JS.API (also: a context's jetstream_api_prefix)"],
]

/** Adds them to the whole command line; the help of a command shows them where it `isAbout` servers. */
export function serverOptions(program: Command): void {
  program.optionsGroup(GROUP)
  for (const [flags, says] of OPTIONS) program.option(flags, says)
  program.optionsGroup('Options:')
}

const SHOWN_FOR = new Set(['ship'])

/** Options of all commands that the help of one shows. */
export function globalOptionsFor(this: Help, command: Command): Option[] {
  const all: Option[] = []
  for (let above = command.parent; above !== null; above = above.parent) all.push(...above.options.filter((option) => !option.hidden))
  return all.filter((option) => option.helpGroupHeading !== GROUP || SHOWN_FOR.has(command.name()))
}
