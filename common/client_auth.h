/* SPDX-License-Identifier: MIT */
/* How this host proves itself to the IdP's token endpoint (OpenID Connect Core 1.0, section 9). */
#pragma once

enum client_auth {
	CLIENT_AUTH_NONE,
	CLIENT_AUTH_BASIC,
	CLIENT_AUTH_POST,
};
