/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/judge/form.h"

struct form {
	size_t len;
	bool is_full;
	char text[FORM_MAX_BYTES + 1];
};

enum cosmo_err form_new(struct form **ret)
{
	struct form *form = calloc(1, sizeof(*form));

	if (!form)
		return COSMO_E_NOMEM;
	*ret = form;
	return COSMO_OK;
}

void form_free(struct form *form)
{
	if (!form)
		return;
	explicit_bzero(form, sizeof(*form));
	free(form);
}

void form_append_raw(struct form *form, const char *text, size_t len)
{
	if (form->is_full || len > FORM_MAX_BYTES - form->len) {
		form->is_full = true;
		return;
	}
	memcpy(form->text + form->len, text, len);
	form->len += len;
	form->text[form->len] = '\0';
}

static bool stands_for_itself(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '-' || c == '.' || c == '_' || c == '*';
}

void form_append_encoded(struct form *form, const char *text, size_t len)
{
	static const char digits[] = "0123456789ABCDEF";

	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];
		char escape[3] = {'%', digits[c >> 4], digits[c & 15]};

		if (stands_for_itself(c))
			form_append_raw(form, text + i, 1);
		else if (c == ' ')
			form_append_raw(form, "+", 1);
		else
			form_append_raw(form, escape, sizeof(escape));
	}
}

static void add_bytes(struct form *form, const char *name, const char *value, size_t len)
{
	if (form->len > 0)
		form_append_raw(form, "&", 1);
	form_append_encoded(form, name, strlen(name));
	form_append_raw(form, "=", 1);
	form_append_encoded(form, value, len);
}

void form_add(struct form *form, const char *name, const char *value)
{
	if (value)
		add_bytes(form, name, value, strlen(value));
}

void form_add_secret(struct form *form, const char *name, const struct cosmo_secret *value)
{
	if (value)
		add_bytes(form, name, secret_peek(value), secret_len(value));
}

enum cosmo_err form_body(const struct form *form, const char **ret_body, size_t *ret_len)
{
	if (form->is_full)
		return COSMO_E_TOO_BIG;
	*ret_body = form->text;
	*ret_len = form->len;
	return COSMO_OK;
}
