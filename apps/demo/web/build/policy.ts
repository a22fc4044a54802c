import type { Plugin } from 'vite';
import { contentSecurityPolicy } from '../policy.mjs';

/** The policy also stands in the page, for hosts that set no headers. Not while developing: Vite's client is inline there. */
export function policyTag(): Plugin {
  return {
    name: 'konv:policy',
    apply: 'build',
    transformIndexHtml: () => [
      { tag: 'meta', attrs: { 'http-equiv': 'Content-Security-Policy', content: contentSecurityPolicy }, injectTo: 'head-prepend' },
    ],
  };
}
