/** A text without what addresses of servers in it say of who asks. */
export const withoutSecrets = (text: string): string => text.replaceAll(/\b((?:nats|tls):\/\/)[^/\s]*@/g, '$1')
