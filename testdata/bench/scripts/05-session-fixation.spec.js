import {test, expect, logIn} from './shop.js';

test.use({baseURL: process.env.SHOP_05});

test('session fixation', async ({page, browser}) => {
	await test.step('a login changes the session id', async () => {
		await page.goto('/login');
		const before = await page.locator('#session').textContent();
		await logIn(page, 'alice');
		await expect(page).toHaveURL(/\/account/);
		await expect(page.locator('#session')).not.toHaveText(before);
	});

	await test.step('the shop has a login that keeps it, to test against', async () => {
		const context = await browser.newContext();
		const victim = await context.newPage();
		await victim.goto('/login');
		const before = await victim.locator('#session').textContent();
		await victim.goto('/login?rotate=off');
		await logIn(victim, 'bob');
		await expect(victim).toHaveURL(/\/account/);
		await expect(victim.locator('#session')).toHaveText(before);
		await context.close();
	});
});
