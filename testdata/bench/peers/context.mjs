import {chromium} from 'playwright-core';
import {createInterface} from 'node:readline';

// Another user is another context with her cookies: newContext(storageState), newPage, goto.
const browser = await chromium.launch({executablePath: process.env.SESSDRIVER_BROWSER, args: process.getuid() === 0 ? ['--no-sandbox'] : []});
let context;
const use = async who => {
	const old = context;
	context = await browser.newContext({storageState: {cookies: [{name: 'sid', value: who, domain: 'localhost', path: '/', expires: -1, httpOnly: false, secure: false, sameSite: 'Lax'}], origins: []}});
	await (await context.newPage()).goto(process.argv[2]);
	await old?.close();
};
await use('forced');
console.log('ready');
for await (const line of createInterface({input: process.stdin})) await use(line);
await browser.close();
process.exit();
