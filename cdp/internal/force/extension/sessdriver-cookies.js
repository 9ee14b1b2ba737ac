chrome.cookies.onChanged.addListener(change => globalThis.sessdriverCookie?.(JSON.stringify(change)));
