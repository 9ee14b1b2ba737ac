import {test, expect, logIn, submit, cookies} from './shop.js';

test.use({baseURL: process.env.SHOP_09});

test('remember me', async ({page: alice, browser}) => {
	await alice.goto('/login');
	await alice.getByLabel('Remember me').check();
	await logIn(alice, 'alice');
	expect(await cookies(alice)).toContain('remember-me');

	await test.step('it stays in its context', async () => {
		const context = await browser.newContext();
		const visitor = await context.newPage();
		await visitor.goto('/');
		expect(await cookies(visitor)).not.toContain('remember-me');
		await expect(visitor.locator('#badge')).toHaveText('Not signed in');
		await context.close();
		await alice.reload();
		expect(await cookies(alice)).toContain('remember-me');
	});

	await test.step('a logout forgets', async () => {
		await alice.goto('/logout');
		await submit(alice, 'Log out');
		await expect(alice.locator('#badge')).toHaveText('Not signed in');
		expect(await cookies(alice)).not.toContain('remember-me');
		await alice.goto('/account');
		await expect(alice).toHaveURL(/\/login/);
	});
});
