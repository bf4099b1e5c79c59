// SPDX-License-Identifier: MIT
// The people of the test organization, and what can be changed about the IdP while it runs.

import { createHash, randomBytes } from 'node:crypto';

// The same over a restart, as a real IdP's are.
function subject(username) {
  return createHash('sha256').update(`test organization: ${username}`).digest('hex').slice(0, 24);
}

function person(username, name, ssoGroups) {
  return {
    username,
    password: `${username}-${randomBytes(4).toString('hex')}`,
    sub: subject(username),
    disabled: false,
    claims: { preferred_username: username, name, email: `${username}@example.org`, ssoGroups },
  };
}

function client(id, method) {
  return {
    client_id: id,
    client_name: `Host sign-in (${id})`,
    application_type: 'native',
    token_endpoint_auth_method: method,
    grant_types: ['urn:ietf:params:oauth:grant-type:device_code', 'refresh_token'],
    response_types: [],
    redirect_uris: [],
    ...(method === 'none' ? {} : { client_secret: randomBytes(24).toString('base64url') }),
  };
}

const clients = {
  'cosmo-host': client('cosmo-host', 'none'),
  'cosmo-secret': client('cosmo-secret', 'client_secret_basic'),
};

function initial() {
  return {
    people: {
      ada: person('ada', 'Ada Lovelace', ['cosmo-admins', 'everyone']),
      dev: person('dev', 'Dev Engineer', ['engineering', 'everyone']),
      vic: person('vic', 'Vic Visitor', []),
    },
    clients: { ...clients },
    gone: false,
    deviceCodeSeconds: 600,
    interval: undefined,
  };
}

export const state = initial();

export function bySub(sub) {
  return Object.values(state.people).find((someone) => someone.sub === sub && !someone.disabled);
}

export function byPassword(username, password) {
  const someone = state.people[username];
  return someone && !someone.disabled && someone.password === password ? someone : undefined;
}

// What the control channel may do; each takes the fields of one message and answers with an object.
export const changes = {
  person({ username, name, groups, sub, disabled, claims }) {
    state.people[username] ??= person(username, name ?? username, []);
    const someone = state.people[username];
    if (groups !== undefined) someone.claims.ssoGroups = groups;
    if (sub !== undefined) someone.sub = sub;
    if (disabled !== undefined) someone.disabled = disabled;
    for (const [key, value] of Object.entries(claims ?? {})) {
      if (value === null) delete someone.claims[key];
      else someone.claims[key] = value;
    }
    return someone;
  },
  people: () => state.people,
  clients: () => state.clients,
  client_delete({ client_id: id }) {
    delete state.clients[id];
    return {};
  },
  // This provider has no switch for it but the end of the client's secret.
  client_disable({ client_id: id }) {
    state.clients[id] = { ...state.clients[id], client_secret_expires_at: 1 };
    return {};
  },
  // The client may use neither of the grants of a host any more.
  client_restrict({ client_id: id }) {
    const elsewhere = { grant_types: ['authorization_code'], response_types: ['code'], redirect_uris: ['http://127.0.0.1/'] };
    state.clients[id] = { ...state.clients[id], ...elsewhere };
    return {};
  },
  gone({ value }) {
    state.gone = value;
    return {};
  },
  device_code_seconds({ seconds }) {
    state.deviceCodeSeconds = seconds;
    return {};
  },
  interval({ seconds }) {
    state.interval = seconds;
    return {};
  },
  reset() {
    Object.assign(state, initial());
    return {};
  },
};
