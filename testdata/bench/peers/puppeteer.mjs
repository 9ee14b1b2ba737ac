import puppeteer from 'puppeteer-core';

const browser = await puppeteer.launch({executablePath: process.env.SESSDRIVER_BROWSER, headless: true, args: process.getuid() === 0 ? ['--no-sandbox'] : []});
const page = await browser.newPage();
await page.goto(process.argv[2].replace('/?', '/seed?')); // what has to be written over
await page.setRequestInterception(true);
page.on('request', r => r.url().includes('localhost') ? r.continue({headers: {...r.headers(), cookie: 'sid=forced'}}) : r.continue());
await page.goto(process.argv[2]);
console.log('ready');
process.stdin.resume();
process.stdin.on('end', async () => { await browser.close(); process.exit() });
