import {test as base, expect} from '@playwright/test';

// signIn logs a user in, in a context of their own, and gives its page.
export const test = base.extend({
	signIn: async ({browser}, use) => {
		const contexts = [];
		await use(async user => {
			const context = await browser.newContext();
			contexts.push(context);
			const page = await context.newPage();
			await page.goto('/login');
			await logIn(page, user);
			await expect(page.locator('#badge')).toHaveText(`Signed in as ${user}`);
			return page;
		});
		await Promise.all(contexts.map(context => context.close()));
	},
});

export {expect};

// logIn fills the login form that the page shows, and sends it.
export async function logIn(page, user, password = `${user}-demo`) {
	await page.getByLabel('User').fill(user);
	await page.getByLabel('Password').fill(password);
	return submit(page, 'Log in');
}

// submit clicks a button, and gives the answer behind all redirects.
export async function submit(page, name) {
	const answer = page.waitForResponse(r => r.request().isNavigationRequest() && r.status() !== 303);
	await page.getByRole('button', {name}).click();
	return answer;
}

// cookies are the names of those that the page's context has for it.
export async function cookies(page) {
	return (await page.context().cookies(page.url())).map(cookie => cookie.name);
}
