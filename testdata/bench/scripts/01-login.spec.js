import {test, expect, logIn, cookies} from './shop.js';

test.use({baseURL: process.env.SHOP_01});

test('login', async ({page, signIn}) => {
	await test.step('a visitor is nobody', async () => {
		await page.goto('/');
		await expect(page.locator('#badge')).toHaveText('Not signed in');
		expect(await cookies(page)).toContain('sid');
	});

	const alice = await test.step('alice logs in', async () => {
		const alice = await signIn('alice');
		await expect(alice.locator('#who')).toHaveText('alice'); // for: expect session alice live
		await expect(alice).toHaveURL(/\/account/);
		await expect(alice).toHaveTitle(/Account/);
		return alice;
	});

	await test.step('a wrong password is refused', async () => {
		await alice.goto('/login');
		expect((await logIn(alice, 'alice', 'wrong')).status()).toBe(401);
		await expect(alice.locator('#problem')).toBeVisible();
	});
});
