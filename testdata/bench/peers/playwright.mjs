import {chromium} from 'playwright-core';

// route.continue does not force a Cookie header; fetch and fulfill does, with Node as the client.
// A document that was fulfilled has no address, and so may not ask this machine what to do.
const args = ['--disable-features=LocalNetworkAccessChecks'];
if (process.getuid() === 0) args.push('--no-sandbox');
const browser = await chromium.launch({executablePath: process.env.SESSDRIVER_BROWSER, args});
const page = await (await browser.newContext()).newPage();
await page.goto(process.argv[2].replace('/?', '/seed?')); // what has to be written over
await page.route(url => url.hostname === 'localhost', async route => {
	const response = await route.fetch({headers: {...route.request().headers(), cookie: 'sid=forced'}});
	await route.fulfill({response});
});
await page.goto(process.argv[2]);
console.log('ready');
process.stdin.resume();
process.stdin.on('end', async () => { await browser.close(); process.exit() });
