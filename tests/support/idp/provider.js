// SPDX-License-Identifier: MIT
// The OpenID provider: device grant, refresh grant, and the interaction pages behind them.

import { randomBytes } from 'node:crypto';
import { errors, Provider } from 'oidc-provider';
import { exportJWK, generateKeyPair } from 'jose';
import MemoryAdapter from 'oidc-provider/lib/adapters/memory_adapter.js';

import * as pages from './pages.js';
import { bySub, byPassword, state } from './people.js';

// Clients come from our own table, so that one can be taken away while the provider runs.
class Adapter extends MemoryAdapter {
  constructor(model) {
    super(model);
    this.isClient = model === 'Client';
  }

  async find(id) {
    return this.isClient ? state.clients[id] : super.find(id);
  }
}

async function findAccount(ctx, sub) {
  const someone = bySub(sub);
  return someone && { accountId: sub, claims: async () => ({ sub, ...someone.claims }) };
}

async function signingKeys() {
  const { privateKey } = await generateKeyPair('RS256', { extractable: true });
  return { keys: [{ ...(await exportJWK(privateKey)), use: 'sig', alg: 'RS256', kid: randomBytes(8).toString('hex') }] };
}

function configuration(jwks) {
  return {
    adapter: Adapter,
    jwks,
    findAccount,
    scopes: ['openid', 'profile', 'offline_access'],
    claims: { openid: ['sub'], profile: ['preferred_username', 'name', 'email', 'ssoGroups', 'uidNumber'] },
    conformIdTokenClaims: false,
    cookies: { keys: [randomBytes(32).toString('hex')] },
    responseTypes: ['code'],
    rotateRefreshToken: true,
    issueRefreshToken: async (ctx, client, code) => client.grantTypeAllowed('refresh_token') && code.scopes.has('offline_access'),
    interactions: { url: (ctx, interaction) => `/interaction/${interaction.uid}` },
    renderError: pages.failure,
    features: {
      devInteractions: { enabled: false },
      revocation: { enabled: true },
      introspection: { enabled: true },
      deviceFlow: {
        enabled: true,
        userCodeInputSource: pages.codeInput,
        userCodeConfirmSource: pages.codeConfirm,
        successSource: pages.success,
      },
    },
    ttl: {
      DeviceCode: () => state.deviceCodeSeconds,
      AccessToken: 600,
      IdToken: 600,
      Grant: 86400,
      Interaction: 3600,
      RefreshToken: 86400,
      Session: 3600,
    },
  };
}

async function formFields(ctx) {
  let text = '';
  for await (const chunk of ctx.req) {
    text += chunk;
    if (text.length > 4096) ctx.throw(413);
  }
  return Object.fromEntries(new URLSearchParams(text));
}

async function grantFor(provider, { grantId, session, params, prompt }) {
  const grant = grantId
    ? await provider.Grant.find(grantId)
    : new provider.Grant({ accountId: session.accountId, clientId: params.client_id });
  grant.addOIDCScope((prompt.details.missingOIDCScope ?? []).join(' '));
  grant.addOIDCClaims(prompt.details.missingOIDCClaims ?? []);
  return grant.save();
}

async function showInteraction(provider, ctx) {
  const { prompt, params } = await provider.interactionDetails(ctx.req, ctx.res);
  ctx.type = 'html';
  ctx.body = prompt.name === 'login'
    ? pages.login(ctx.path, 'Sign in to the test organization.')
    : pages.consent(ctx.path, params.client_id, prompt.details.missingOIDCScope ?? []);
}

async function answerInteraction(provider, ctx) {
  const details = await provider.interactionDetails(ctx.req, ctx.res);
  const fields = await formFields(ctx);
  const finish = async (result) => {
    ctx.respond = false;
    await provider.interactionFinished(ctx.req, ctx.res, result, { mergeWithLastSubmission: true });
  };
  if (details.prompt.name === 'login') {
    const someone = byPassword(fields.username, fields.password);
    if (someone) return finish({ login: { accountId: someone.sub } });
    ctx.type = 'html';
    ctx.body = pages.login(ctx.path, 'Wrong name or password.');
    return undefined;
  }
  if (fields.answer === 'allow') return finish({ consent: { grantId: await grantFor(provider, details) } });
  return finish({ error: 'access_denied', error_description: 'the person said no' });
}

export async function makeProvider(issuer) {
  const provider = new Provider(issuer, configuration(await signingKeys()));
  provider.on('server_error', (ctx, error) => console.error('server error:', error));
  provider.use(async (ctx, next) => {
    await next();
    // The provider itself leaves it out, which means 5 seconds.
    if (ctx.body?.device_code && state.interval) ctx.body.interval = state.interval;
  });
  provider.use(async (ctx, next) => {
    if (!ctx.path.startsWith('/interaction/')) return next();
    try {
      return await (ctx.method === 'POST' ? answerInteraction : showInteraction)(provider, ctx);
    } catch (error) {
      if (!(error instanceof errors.SessionNotFound)) throw error;
      ctx.status = 400;
      return pages.failure(ctx, { error: 'this sign-in is over' });
    }
  });
  return provider;
}

// A refresh token as a sign-in gives it, without a sign-in.
export async function mintRefreshToken(provider, { client_id: clientId, sub }) {
  const scope = 'openid offline_access';
  const grant = new provider.Grant({ accountId: sub, clientId });
  grant.addOIDCScope(scope);
  const token = new provider.RefreshToken({
    accountId: sub,
    client: await provider.Client.find(clientId),
    grantId: await grant.save(),
    gty: 'urn:ietf:params:oauth:grant-type:device_code',
    authTime: Math.floor(Date.now() / 1000),
    scope,
  });
  return token.save();
}
