import { constantRoute } from './runtime/http.ts';

/** `GET /health`: touches neither tables nor secrets, so that it says whether the router itself is up. */
export const handler = constantRoute(() => ({ status: 'healthy' }));
