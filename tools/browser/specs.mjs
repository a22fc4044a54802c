/** The spec files that run in a browser as well as in Node: twice, in an isolated page and in a plain one. */
const inEveryPage = [
  'packages/backend-wasm/test/conformance.test.ts',
  'packages/konv/test/twins.test.ts',
  'packages/tfjs/test/train-page.test.ts',
];

/** Those to which it makes no difference what a page may share: in the isolated one. */
const inOnePage = ['packages/backend-cpu-js/test/conformance.test.ts'];

/** WebGL: what a page may share makes no difference to it, so one page serves. */
const ofWebgl = 'packages/backend-webgl/test/**/*.test.ts';
/** tfjs's own WebGL backend, under konv: few of its tests unless everything is to be tested (`KONV_SOAK`). */
const ofTfjs = 'packages/tfjs/test/browser/*.test.ts';

export const browserSpecs = {
  isolatedPage: [...inEveryPage, ...inOnePage],
  plainPage: inEveryPage,
  webgl: [ofWebgl, ofTfjs],
  /** Those that Node leaves out: they would load and skip. Those it runs say that there is no WebGL. */
  webglOnly: ['packages/backend-webgl/test/!(conformance|unavailable).test.ts', ofTfjs],
};

/**
 * Whether a run of the tests with these arguments can reach a browser spec. An argument without a dash is part of a path;
 * with options in between nobody knows which word is a value of one, so that is a yes.
 */
export function reachesBrowser(args) {
  if (args.length === 0 || args.some((arg) => arg.startsWith('-'))) return true;
  return args.some((arg) => {
    const path = arg.replace(/^\.\//, '');
    return (
      path.includes('backend-webgl') ||
      path.includes('packages/tfjs') ||
      [...inEveryPage, ...inOnePage].some((spec) => spec.includes(path) || path.includes(spec))
    );
  });
}

const line = '!'.repeat(100);

/** What ends a run of the tests that could not do this part. */
export const notInBrowser = `${line}
NOTHING WAS TESTED IN A BROWSER: no Chromium was found, and none could be installed.
Left out, in an isolated page and in a plain one: ${inEveryPage.join(', ')}; in one page: ${inOnePage.join(', ')}; all of WebGL: ${ofWebgl}, ${ofTfjs}.
Install Chromium, or name one in CHROMIUM_PATH, and run the tests again.
${line}`;
