import { preact } from '@preact/preset-vite';
import { defaultClientConditions, defineConfig } from 'vite';
import type { Plugin } from 'vite';

/**
 * The built page carries its own Content-Security-Policy. Stream tasks have addresses of their own, so sockets may go
 * anywhere; `ws:` is for a page that is itself served over http, browsers block it on https. Over HTTP it speaks to its
 * own origin and the router alone.
 */
function contentSecurityPolicy(): Plugin {
  let router = '';
  return {
    name: 'anteroom:content-security-policy',
    apply: 'build',
    configResolved(config) {
      const url: unknown = config.env['VITE_ROUTER_URL'];
      if (typeof url === 'string' && url !== '') router = ` ${new URL(url).origin}`;
    },
    transformIndexHtml() {
      const content = [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "worker-src 'self'",
        "img-src 'self' data:",
        `connect-src 'self' ws: wss:${router}`,
        "base-uri 'none'",
        "form-action 'none'",
      ].join('; ');
      return [
        {
          tag: 'meta',
          attrs: { 'http-equiv': 'Content-Security-Policy', content },
          injectTo: 'head-prepend',
        },
      ];
    },
  };
}

export default defineConfig({
  root: import.meta.dirname,
  plugins: [preact(), contentSecurityPolicy()],
  // The SDK is read from its source, so that nothing has to be built first.
  resolve: { conditions: ['anteroom-source', ...defaultClientConditions] },
  // Named here, so that the first visit does not find one more and reload the page.
  optimizeDeps: {
    include: ['preact', 'preact/hooks', 'preact/jsx-dev-runtime', '@preact/signals', 'tweetnacl'],
  },
  build: { outDir: '../dist/web', emptyOutDir: true, modulePreload: { polyfill: false } },
});
