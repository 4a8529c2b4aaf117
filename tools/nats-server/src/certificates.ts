/** An authority, and certificates that it signed for a server and for a client. */
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

export interface Certificates {
  readonly ca: string
  readonly server: { readonly cert: string; readonly key: string }
  readonly client: { readonly cert: string; readonly key: string }
}

const openssl = (...args: readonly string[]): void => void execFileSync('openssl', args, { stdio: 'pipe' })

/** Makes them in a folder, by openssl; good for a day. */
export function makeCertificates(folder: string): Certificates {
  const at = (name: string): string => join(folder, name)
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'] as const
  openssl('req', '-x509', ...key, '-keyout', at('ca.key'), '-out', at('ca.pem'), '-days', '1', '-subj', '/CN=devtrail tests')
  const signed = (name: string, use: string): { cert: string; key: string } => {
    const [cert, own] = [at(`${name}.pem`), at(`${name}.key`)]
    openssl('req', ...key, '-keyout', own, '-out', at(`${name}.csr`), '-subj', `/CN=${name}`)
    writeFileSync(at(`${name}.ext`), `subjectAltName=IP:127.0.0.1,DNS:localhost\nextendedKeyUsage=${use}\n`)
    const by = ['-CA', at('ca.pem'), '-CAkey', at('ca.key'), '-CAcreateserial', '-days', '1', '-extfile', at(`${name}.ext`)]
    openssl('x509', '-req', '-in', at(`${name}.csr`), '-out', cert, ...by)
    return { cert, key: own }
  }
  return { ca: at('ca.pem'), server: signed('server', 'serverAuth'), client: signed('client', 'clientAuth') }
}
