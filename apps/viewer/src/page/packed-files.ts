/** The log's files as the page holds them: one element a file, base64. */

function bytesOf(base64: string): Uint8Array {
  const text = atob(base64)
  const bytes = new Uint8Array(text.length)
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i)
  return bytes
}

export function packedFiles(): (readonly [path: string, bytes: Uint8Array])[] {
  return [...document.querySelectorAll<HTMLScriptElement>('script[data-log-file]')].map((element) => [
    element.dataset['logFile']!,
    bytesOf((element.textContent ?? '').trim()),
  ])
}
