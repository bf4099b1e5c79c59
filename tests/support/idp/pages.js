// SPDX-License-Identifier: MIT
// The pages a person sees: plain HTML, no script but the provider's own.

function escape(text) {
  return String(text).replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
}

function page(title, body) {
  return `<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>${escape(title)}</title></head>
<body><h1>${escape(title)}</h1>${body}</body></html>`;
}

export function codeInput(ctx, form, out, error) {
  const words = {
    NoCodeError: 'Enter the code.',
    NotFoundError: 'That code is not known.',
    ExpiredError: 'That code has expired.',
    AlreadyUsedError: 'That code was used already.',
    AbortedError: 'You refused the sign-in.',
  };
  const said = error ? words[error.name] ?? 'Something went wrong.' : 'Enter the code that the host shows.';
  ctx.body = page('Sign in to a host', `<p id="said">${escape(said)}</p>${form}
<button id="continue" type="submit" form="op.deviceInputForm">Continue</button>`);
}

export function codeConfirm(ctx, form, client, device, userCode) {
  ctx.body = page('Is this your sign-in?', `<p>${escape(client.clientName)} shows the code
<code id="user-code">${escape(userCode)}</code>. Go on only if you started this.</p>${form}
<button id="confirm" type="submit" form="op.deviceConfirmForm">Continue</button>
<button id="abort" type="submit" form="op.deviceConfirmForm" name="abort" value="yes">Refuse</button>`);
}

export function success(ctx) {
  ctx.body = page('Signed in', '<p id="done">You can close this page.</p>');
}

export function failure(ctx, out) {
  ctx.type = 'html';
  ctx.body = page('Not signed in', `<p id="failed">${escape(out.error_description ?? out.error)}</p>`);
}

export function login(action, said) {
  return page('Who are you?', `<p id="said">${escape(said)}</p><form method="post" action="${escape(action)}">
<label>Name <input name="username" autocomplete="off"></label>
<label>Password <input name="password" type="password"></label>
<button id="login" type="submit">Sign in</button></form>`);
}

export function consent(action, client, scopes) {
  return page('Allow?', `<p>${escape(client)} asks for: <span id="scopes">${escape(scopes.join(' '))}</span></p>
<form method="post" action="${escape(action)}">
<button id="allow" name="answer" value="allow" type="submit">Allow</button>
<button id="deny" name="answer" value="deny" type="submit">Deny</button></form>`);
}
