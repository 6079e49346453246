interface ImportMetaEnv {
  /** Base URL of the router API. Unset: the origin of the page. */
  readonly VITE_ROUTER_URL?: string;
}
