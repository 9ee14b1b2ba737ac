// Package scripts is the command language of sessdriver. The prompt, -c, pipes
// and script files all speak it, and every front end that comes later will: a
// command is declared once, in a [Registry], with its arguments, its help and
// its function, and answers with a [Result] that the front end shows.
//
// # Command lines
//
// A text is a list of commands, separated by line ends or semicolons. A command
// is a list of words, separated by blanks; the first one or two are its name:
//
//	open http://shop.test/login
//	session use alice; ls --all
//
// Words are quoted as in a POSIX shell. Between single quotes every character
// means itself. Between double quotes a backslash takes the meaning from " \ $
// and ` only. Outside quotes it does so for any character, and a backslash at
// the end of a line joins it with the next. A # that begins a word begins a
// comment, up to the end of the line. & ? * ( ) mean themselves, so that most URLs
// need no quotes; < > | do so inside a word and in texts, and are refused where they
// look like a redirection or a pipe. The text is UTF-8.
//
// $NAME and ${NAME} stand for the value of a variable, outside single quotes. It is
// never more than a part of one word, and never a flag. A variable that is not set is
// an error. Variables come from set, from --into of commands that read a page, and
// from the front end.
//
// # Blocks, and what must fail
//
// as NAME begins a block that ends with end: its commands run with that session forced,
// and afterwards what was forced before is forced again, also when one of them fails.
//
//	as bob
//	  open $SHOP/admin
//	  expect status 403
//	end
//
// A ! before a command, or before its name, says that it has to fail; what was typed
// wrong stays an error.
//
// # Test cases
//
// section begins a test case, as reports name it; skip ends one, and the script goes on
// with the next. Before the first section, skip ends the script: what its sections need
// was not done. At a prompt and in a pipe each line is a script. A section may stand in a block or in a script that is included, and ends
// with it at the latest. include runs another script in this place; how deep and how many
// is bounded, as are nested blocks and what variables hold. expect looks again and again
// until what it says is so, and fails with an [*AssertionError] when its time is over.
//
// # Arguments
//
// Flags begin with two dashes and may stand anywhere behind the name; --site
// shop.test and --site=shop.test are the same. After a lone -- no word is a
// flag, nor is one whose first character is quoted. --help shows the help of
// any command.
//
// A NAME at the end of a command takes the rest of the line, its words joined
// with one blank: use Session 1 needs no quotes. rename takes two names, so
// those with blanks are quoted.
//
// # Sessions and sites
//
// A session is named by its name, by its number in ls, or by the beginning of
// its name in any case, if no other begins so. A name goes before a number, and
// that before a beginning.
//
// A site is named as in sites, or by one of its hosts or URLs. SITE/NAME and
// --site SITE say which site is meant. Without them it is the current tab's;
// for a session, else the only site that has one of that very name; for other
// commands, when the tab is on no site, the only one with sessions or tokens.
// Otherwise the error lists the sites.
//
// # Results
//
// A [Result] has a text for people and a value that encodes as JSON. Lists and
// commands that name a session first wait until the book has what the browser
// reported up to then; commands that load a page do so afterwards. So a list that
// follows a page shows what that page did.
//
// In texts and errors whatever came from outside is escaped ([Escape]). Values
// keep names as they are. In both, the values of cookies are masked.
//
// # Errors
//
// A command that fails answers with a [*CommandError]: file, line, column and
// name of the command, the cause, and what to type next. A [*UsageError] in it
// means that the command was typed wrong; the errors of package sessions are in
// it as they are. [Engine.RunScript] stops at the first failing command.
//
// # Not done
//
// Single-dash flags: names and selectors may begin with a dash. Globs, pipes and
// redirection: a URL with ? or & would need quotes. Commands that register
// themselves: a list that the compiler checks cannot be incomplete. Running the
// commands before a syntax error: half a script leaves a browser in a state that
// nobody meant.
package scripts
