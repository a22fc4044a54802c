import { isolationHeaders } from '../../../tools/browser/serve.mjs';
import { contentSecurityPolicy } from './policy.mjs';

/** How the page wants to be served. */
export const pageHeaders = { ...isolationHeaders, 'Content-Security-Policy': contentSecurityPolicy, 'X-Content-Type-Options': 'nosniff' };
