// What finds elements for commands: find(kind, text) lists those that match, state(element)
// tells what of it keeps a person from acting. It runs in the page, and changes nothing.
(() => {
	const clean = text => (text || '').replace(/\s+/g, ' ').trim();
	const all = root => {
		const list = [];
		for (const e of root.querySelectorAll('*')) {
			list.push(e);
			if (e.shadowRoot) list.push(...all(e.shadowRoot));
		}
		return list;
	};
	const has = (text, part) => clean(text).toLowerCase().includes(clean(part).toLowerCase());
	const visible = e => {
		const box = e.getBoundingClientRect(), style = getComputedStyle(e);
		return box.width > 0 && box.height > 0 && style.visibility === 'visible';
	};
	const find = {
		css: text => [...document.querySelectorAll(text)],
		// The innermost elements that have the text.
		text: text => all(document).filter(e => !['SCRIPT', 'STYLE', 'HEAD', 'TITLE', 'HTML', 'BODY'].includes(e.tagName) &&
			has(e.tagName === 'INPUT' ? (['submit', 'button', 'reset'].includes(e.type) ? e.value : '') : e.innerText, text) &&
			![...e.children].some(c => has(c.innerText, text))),
		label: text => all(document).filter(e => [...(e.labels || [])].some(l => has(l.innerText, text)) || has(e.getAttribute('aria-label'), text) ||
			(e.getAttribute('aria-labelledby') || '').split(' ').some(id => id && has(document.getElementById(id)?.innerText, text))),
		placeholder: text => all(document).filter(e => has(e.getAttribute('placeholder'), text) && text),
		testid: text => all(document).filter(e => e.getAttribute('data-testid') === text),
	};
	// Two frames later, or where none are drawn a moment.
	const later = () => new Promise(done => {
		const late = setTimeout(done, 50);
		requestAnimationFrame(() => requestAnimationFrame(() => { clearTimeout(late); done() }));
	});
	const state = async e => {
		if (!e.isConnected) return {gone: true};
		if (!visible(e)) return {hidden: true};
		e.scrollIntoView({block: 'center', inline: 'center', behavior: 'instant'});
		const was = e.getBoundingClientRect();
		await later();
		if (!e.isConnected) return {gone: true};
		const box = e.getBoundingClientRect(), x = box.x + box.width / 2, y = box.y + box.height / 2;
		let at = document.elementFromPoint(x, y);
		while (at?.shadowRoot && at.shadowRoot.elementFromPoint(x, y) !== at) at = at.shadowRoot.elementFromPoint(x, y);
		const covered = at && at !== e && !e.contains(at) && !at.contains(e) && ![...(e.labels || [])].some(l => l.contains(at));
		const moving = ['x', 'y', 'width', 'height'].some(side => box[side] !== was[side]);
		return {x, y, moving, disabled: e.matches(':disabled') || e.getAttribute('aria-disabled') === 'true',
			readonly: !!e.readOnly, covered: covered ? '<' + at.tagName.toLowerCase() + (at.id ? ' id=' + at.id : '') + '>' : '',
			tag: e.tagName.toLowerCase(), type: e.type || '', editable: e.isContentEditable, checked: !!e.checked};
	};
	const text = e => clean(['INPUT', 'TEXTAREA', 'SELECT'].includes(e.tagName) && e.type !== 'password' ? e.value : e.innerText);
	// The lines as they are shown; what parts blocks is one empty line at most.
	const lines = e => (e.tagName === 'TEXTAREA' ? e.value : ['INPUT', 'SELECT'].includes(e.tagName) ? text(e) : e.innerText || '')
		.replace(/\u00a0/g, ' ').replace(/[ \t]+$/gm, '').replace(/\n{3,}/g, '\n\n').replace(/^\n+|\n+$/g, '');
	return {find, state, text, lines, visible};
})()
