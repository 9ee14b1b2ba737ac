// It lets the events of one act through only where they come to the element: a page may
// move that, or the focus, between the look at it and the act. The first event decides for
// all. What it returns ends it, and tells.
function(kinds) {
	const view = this.ownerDocument.defaultView;
	let reached = null, other = '';
	// As state in locate.js: a label of it does, and what is around it where it lets clicks through.
	const isHit = event => {
		const path = event.composedPath();
		if (path.includes(this) || [...(this.labels || [])].some(l => path.includes(l))) return true;
		const box = this.getBoundingClientRect();
		return 'clientX' in event && path[0] instanceof view.Node && path[0].contains(this) &&
			Math.abs(box.x + box.width / 2 - event.clientX) < 2 && Math.abs(box.y + box.height / 2 - event.clientY) < 2;
	};
	const judge = event => {
		if (!event.isTrusted) return;
		if (reached === null) {
			reached = isHit(event);
			const e = event.composedPath()[0];
			if (!reached && e.tagName) other = '<' + e.tagName.toLowerCase() + (e.id ? ' id=' + e.id : '') + '>';
		}
		if (!reached) {
			event.preventDefault();
			event.stopImmediatePropagation();
		}
	};
	for (const kind of kinds) view.addEventListener(kind, judge, {capture: true, passive: false});
	return {
		end: () => {
			for (const kind of kinds) view.removeEventListener(kind, judge, {capture: true});
			return {reached: reached === true, missed: reached === false, other};
		},
	};
}
