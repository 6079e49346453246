/** Base URL of the router API: `VITE_ROUTER_URL` at build time, else the origin of the page. */
export const ROUTER_URL = import.meta.env.VITE_ROUTER_URL || location.origin;
