package main

// overview is the first part of `sessdriver help`.
const overview = `sessdriver keeps the HTTP sessions of every site that a browser visits, and
makes a site belong to the one you choose.

Usage:
  sessdriver [launch] [URL]     launch a browser and open the control prompt
  sessdriver attach ENDPOINT    the same on a running browser: http://127.0.0.1:9222,
                                ws://…/devtools/browser/…, HOST:PORT or PORT
  sessdriver run FILE|DIR…      run scripts headless, and report how they ended
  sessdriver demo               see it work, on an embedded demo shop
  sessdriver doctor             check that nothing leaks in your browser
  sessdriver browser install    find a browser, or install Chromium
  sessdriver browser path       print the browser that is used
  sessdriver completion SHELL   what completes this in bash, zsh or fish
  sessdriver man                the manual page: sessdriver man | man -l -
  sessdriver help [COMMAND]     this text, or about a command of the prompt: help use

Examples:
  sessdriver https://shop.test/
  sessdriver https://shop.test/ --session alice='sid=abc; auth=xyz' --use alice
  printf 'open http://shop.test/\nls\n' | sessdriver launch --headless
  sessdriver attach 9222 -c 'sites; ls'
`

const exitHelp = `
Exit codes: 0 ok, 1 failed, 2 wrong usage, 3 an assertion failed, 4 no such session,
site or window, 5 no browser, 130 interrupted.
`
