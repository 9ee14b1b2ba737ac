import {defineConfig} from '@playwright/test';

// The flows of scripts/examples as tests of Playwright's runner. It is set up to do well:
// nothing is kept but the result, and a worker keeps its browser for all its tests.
export default defineConfig({
	testDir: 'scripts',
	workers: 4,
	fullyParallel: true,
	reporter: 'line',
	retries: 0,
	timeout: 5 * 60_000, // these two as those of sessdriver run: a busy machine is no failure
	expect: {timeout: 10_000},
	use: {
		headless: true,
		trace: 'off',
		launchOptions: {executablePath: process.env.CHROMIUM, chromiumSandbox: process.getuid() !== 0},
	},
});
