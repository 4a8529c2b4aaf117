import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import { linkText, parseLink, type Link } from './link.ts'

/** The link of the address, and how to change it. What changes fast does not fill the history. */
export function useLink(): readonly [Link, (to: Partial<Link>) => void] {
  const [link, setLink] = useState(() => parseLink(location.hash))
  const now = useRef(link)
  const timer = useRef(0)
  const go = useCallback((to: Partial<Link>) => {
    now.current = { ...now.current, ...to }
    setLink(now.current)
    clearTimeout(timer.current)
    timer.current = window.setTimeout(() => history.replaceState(null, '', linkText(now.current)), 120)
  }, [])
  useEffect(() => {
    const look = (): void => {
      now.current = parseLink(location.hash)
      setLink(now.current)
    }
    addEventListener('hashchange', look)
    return () => removeEventListener('hashchange', look)
  }, [])
  return [link, go]
}
