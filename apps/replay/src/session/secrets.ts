/** A text without what addresses of servers in it say of who asks. */
export const withoutSecrets = (text: string): string => text.replaceAll(/\b([a-z][a-z0-9+.-]*:\/\/)[^/\s]*@/gi, '$1')
