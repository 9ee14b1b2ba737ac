// Package page acts on the page of a tab as a person does: it opens pages, finds elements,
// clicks, types, answers dialogs, and reads what there is. It knows nothing of sessions that
// are forced.
//
//   - An element is found by a selector ([Driver.Click] and so on), again and again until it
//     could be acted on: there, visible, at rest, enabled, not covered.
//   - Events go where a person's would: to the place on the screen, kept from every other
//     element than the one that was meant.
//   - An act answers when the document that it leads to has loaded, and what was told up to
//     then is booked.
//
// Its locks guard what it remembers, and are held for no more than that.
package page
