import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import { linkText, parseLink, unreadIn, type Link } from './link.ts'

/** Goes somewhere. `follows`: where a link of the page leads to, from which the browser's way back leads here again. */
export type Go = (to: Partial<Link>, follows?: boolean) => void

/** The link of the address, how to change it, and what of it cannot be read. What changes fast does not fill the history. */
export function useLink(): readonly [Link, Go, readonly string[]] {
  const [link, setLink] = useState(() => parseLink(location.hash))
  const [unread, setUnread] = useState(() => unreadIn(location.hash))
  const now = useRef(link)
  const timer = useRef(0)
  const go = useCallback((to: Partial<Link>, follows = false) => {
    if (follows) {
      // Where one is now, whether the address has it already or not.
      history.replaceState(null, '', linkText(now.current))
      history.pushState(null, '', linkText({ ...now.current, ...to }))
    }
    now.current = { ...now.current, ...to }
    setLink(now.current)
    setUnread((was) => (was.length === 0 ? was : []))
    clearTimeout(timer.current)
    timer.current = window.setTimeout(() => history.replaceState(null, '', linkText(now.current)), 120)
  }, [])
  useEffect(() => {
    const look = (): void => {
      clearTimeout(timer.current)
      now.current = parseLink(location.hash)
      setLink(now.current)
      setUnread(unreadIn(location.hash))
    }
    addEventListener('hashchange', look)
    return () => removeEventListener('hashchange', look)
  }, [])
  return [link, go, unread]
}
