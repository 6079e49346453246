/** Where links lead: the URL below which rooms are `r/<room_id>`. */
import { formatLink, parseLink } from './e2ee/link.ts';
import { AnteroomError } from './errors.ts';

const withoutRoom = (pathname: string): string => pathname.replace(/\/r\/[^/]*$/, '');

/** The page of a link, or of the address of a page that is in a room. */
export function pageOf(link: string): string {
  const url = new URL(link);
  return url.origin + withoutRoom(url.pathname);
}

/** What an application named. Throws `invalid_argument` where no link comes of it. */
function checkPage(page: string): string {
  const sound =
    typeof page === 'string' &&
    URL.canParse(page) &&
    parseLink(formatLink(page, '0000', new Uint8Array(32))).kind === 'link';
  if (sound) return page;
  throw new AnteroomError(
    'invalid_argument',
    'page must be the URL below which links are opened, such as https://app.example',
  );
}

/**
 * The page of a room that is made: the one that is named; else the one that we run in (`own`: its address), without its file;
 * else the router's URL.
 */
export function pageFor(named: string | undefined, own: string | undefined, router: string): string {
  if (named !== undefined) return checkPage(named);
  if (own === undefined || !/^https?:/.test(own)) return router;
  const { origin, pathname } = new URL(own);
  const base = withoutRoom(pathname);
  return origin + (base === pathname ? pathname.replace(/[^/]*$/, '') : base);
}
