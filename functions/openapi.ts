import { openApiDocument } from '../shared/openapi/document.ts';
import { constantRoute } from './runtime/http.ts';

/** `GET /openapi.json` */
export const handler = constantRoute(openApiDocument);
