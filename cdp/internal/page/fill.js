// It puts a text into a field in one go, so that nothing of it goes elsewhere when the page
// moves the focus, and as typing does, as far as the page can see. What it returns is
// 'put', or of an editor, which has to be typed into, 'type', or 'again' without the focus.
function(text) {
	if (this.readOnly || this.disabled) throw new Error('it can only be read');
	const isField = ['INPUT', 'TEXTAREA'].includes(this.tagName);
	const chosen = ['date', 'time', 'datetime-local', 'month', 'week', 'color', 'range'].includes(this.type); // not typed
	if (isField && this.maxLength >= 0 && text.length > this.maxLength) throw new Error('it takes ' + this.maxLength + ' characters, and the text has ' + text.length);
	if (this.tagName === 'INPUT' && text) {
		const like = document.createElement('input');
		like.type = this.type;
		like.value = text;
		if (!like.value || chosen && like.value !== text) throw new Error('it does not take that text: it is a field of the type ' + this.type);
	}
	this.focus({preventScroll: true});
	const focused = this.getRootNode().activeElement === this;
	if (!isField) {
		if (!focused) return 'again';
		getSelection().selectAllChildren(this);
		return 'type';
	}
	if (this.value === text) return 'put';
	if (focused && !chosen) {
		this.select();
		if (document.execCommand(text ? 'insertText' : 'delete', false, text)) return 'put';
	}
	// By the element's own setter a framework would take it for no change.
	const own = this.tagName === 'INPUT' ? HTMLInputElement : HTMLTextAreaElement;
	Object.getOwnPropertyDescriptor(own.prototype, 'value').set.call(this, text);
	this.dispatchEvent(new InputEvent('input', {bubbles: true, composed: true, inputType: 'insertText', data: text}));
	this.dispatchEvent(new Event('change', {bubbles: true}));
	return 'put';
}
