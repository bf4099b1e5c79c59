/* SPDX-License-Identifier: MIT */
/*
 * Not json-c's own parser, which does not look whether it got the memory that it asked for: it
 * would leave out parts of names and texts, or whole members, without a word.
 */
#include "pam_cosmo_sso/judge/json_tree.h"

#include <json-c/json.h>
#include <stdint.h>

#include "pam_cosmo_sso/judge/json.h"

enum expected {
	EXPECT_TOP,
	EXPECT_NAME_OR_END,
	EXPECT_COLON,
	EXPECT_VALUE,
	EXPECT_ELEMENT_OR_END,
	EXPECT_COMMA_OR_END,
	EXPECT_NOTHING,
};

struct tree {
	const char *at;
	const char *end;
	enum expected expected;
	char *name; /* of the member at hand; room for the whole text */
	char *text; /* of the string or number at hand; likewise */
	struct json_object *root;
	struct json_object *open[JSON_MAX_DEPTH]; /* objects and arrays, borrowed from root */
	size_t depth;
};

static void cosmo_auto_tree_done(struct tree *tree)
{
	free(tree->name);
	free(tree->text);
	json_free(tree->root);
}

/* The innermost object or array that is open. */
static struct json_object *innermost(const struct tree *tree)
{
	return tree->depth > 0 ? tree->open[tree->depth - 1] : NULL;
}

static void skip_blanks(struct tree *tree)
{
	while (tree->at < tree->end && strchr(" \t\r\n", *tree->at))
		tree->at++;
}

/* The four digits at the cursor. */
static uint32_t take_hex4(struct tree *tree)
{
	uint32_t value = 0;

	for (const char *end = tree->at + 4; tree->at < end; tree->at++) {
		char c = *tree->at;

		value = value << 4 |
			(uint32_t)(c >= '0' && c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
	}
	return value;
}

/* The cursor is behind the "\u" of an escape. */
static uint32_t take_code(struct tree *tree)
{
	uint32_t code = take_hex4(tree);

	if (code < 0xd800 || code > 0xdfff)
		return code;
	tree->at += strlen("\\u");
	return 0x10000 + ((code & 0x3ff) << 10) + (take_hex4(tree) & 0x3ff);
}

/* RFC 3629, section 3; the end of what was written. */
static char *write_utf8(uint32_t code, char *out)
{
	if (code < 0x80) {
		*out++ = (char)code;
		return out;
	}
	if (code < 0x800) {
		*out++ = (char)(0xc0 | code >> 6);
	} else if (code < 0x10000) {
		*out++ = (char)(0xe0 | code >> 12);
		*out++ = (char)(0x80 | (code >> 6 & 0x3f));
	} else {
		*out++ = (char)(0xf0 | code >> 18);
		*out++ = (char)(0x80 | (code >> 12 & 0x3f));
		*out++ = (char)(0x80 | (code >> 6 & 0x3f));
	}
	*out++ = (char)(0x80 | (code & 0x3f));
	return out;
}

/* The cursor is behind a backslash. */
static char *take_escape(struct tree *tree, char *out)
{
	static const char letters[] = "bfnrt";
	static const char meant[] = "\b\f\n\r\t";
	char c = *tree->at++;
	const char *letter = strchr(letters, c);

	if (c == 'u')
		return write_utf8(take_code(tree), out);
	if (letter)
		c = meant[letter - letters];
	*out++ = c;
	return out;
}

/* The string at the cursor, unescaped, which makes it no longer. */
static void take_string(struct tree *tree, char *out)
{
	tree->at++;
	while (*tree->at != '"') {
		char c = *tree->at++;

		if (c == '\\')
			out = take_escape(tree, out);
		else
			*out++ = c;
	}
	tree->at++;
	*out = '\0';
}

/* Is the cursor, behind the first byte of a number, still in it? A minus may begin the next one. */
static bool is_in_number(const struct tree *tree)
{
	if (tree->at == tree->end)
		return false;
	if (*tree->at == '-')
		return (tree->at[-1] | 0x20) == 'e';
	return strchr("+.0123456789eE", *tree->at) != NULL;
}

/* The number at the cursor. Integers beyond 64 bits become the nearest that is not. */
static struct json_object *take_number(struct tree *tree)
{
	char *out = tree->text;
	int64_t whole = 0;
	double any = 0;

	do
		*out++ = *tree->at++;
	while (is_in_number(tree));
	*out = '\0';
	if (!strpbrk(tree->text, ".eE"))
		return json_parse_int64(tree->text, &whole) == 0 ? json_object_new_int64(whole)
								 : NULL;
	return json_parse_double(tree->text, &any) == 0 ? json_object_new_double(any) : NULL;
}

static struct json_object *take_bracket(struct tree *tree)
{
	return *tree->at++ == '{' ? json_object_new_object() : json_object_new_array();
}

static struct json_object *take_bool(struct tree *tree)
{
	bool value = *tree->at == 't';

	tree->at += strlen(value ? "true" : "false");
	return json_object_new_boolean(value);
}

/* *ret is NULL for null. */
static enum cosmo_err take_new(struct tree *tree, struct json_object **ret)
{
	char c = *tree->at;

	if (c == 'n') {
		tree->at += strlen("null");
		return COSMO_OK;
	}
	if (c == '{' || c == '[') {
		*ret = take_bracket(tree);
	} else if (c == '"') {
		take_string(tree, tree->text);
		*ret = json_object_new_string(tree->text);
	} else if (c == 't' || c == 'f') {
		*ret = take_bool(tree);
	} else if (c == '-' || (c >= '0' && c <= '9')) {
		*ret = take_number(tree);
	} else {
		return COSMO_E_FORMAT;
	}
	return *ret ? COSMO_OK : COSMO_E_NOMEM;
}

/* @value is the tree's afterwards, if that is COSMO_OK. */
static enum cosmo_err hang(struct tree *tree, struct json_object *value)
{
	struct json_object *parent = innermost(tree);
	int failed = 0;

	if (!parent)
		tree->root = value;
	else if (json_is_array(parent))
		failed = json_object_array_add(parent, value);
	else if (json_has(parent, tree->name))
		return COSMO_E_FORMAT;
	else
		failed = json_object_object_add(parent, tree->name, value);
	return failed ? COSMO_E_NOMEM : COSMO_OK;
}

static enum cosmo_err take_value(struct tree *tree)
{
	COSMO_AUTO(json_free) struct json_object *made = NULL;
	struct json_object *value = NULL;
	enum cosmo_err err = take_new(tree, &made);

	if (!err)
		err = hang(tree, made);
	if (err)
		return err;
	value = COSMO_STEAL(&made);
	tree->expected = EXPECT_COMMA_OR_END;
	if (!json_is_object(value) && !json_is_array(value))
		return COSMO_OK;
	if (tree->depth == JSON_MAX_DEPTH)
		return COSMO_E_FORMAT;
	tree->open[tree->depth++] = value;
	tree->expected = json_is_array(value) ? EXPECT_ELEMENT_OR_END : EXPECT_NAME_OR_END;
	return COSMO_OK;
}

static enum cosmo_err take_name(struct tree *tree)
{
	if (*tree->at != '"')
		return COSMO_E_FORMAT;
	take_string(tree, tree->name);
	tree->expected = EXPECT_COLON;
	return COSMO_OK;
}

static enum cosmo_err take_mark(struct tree *tree, char mark, enum expected next)
{
	if (*tree->at != mark)
		return COSMO_E_FORMAT;
	tree->at++;
	tree->expected = next;
	return COSMO_OK;
}

static enum cosmo_err take_end(struct tree *tree)
{
	char mark = json_is_array(innermost(tree)) ? ']' : '}';
	enum cosmo_err err =
		take_mark(tree, mark, tree->depth > 1 ? EXPECT_COMMA_OR_END : EXPECT_NOTHING);

	if (!err)
		tree->depth--;
	return err;
}

static enum cosmo_err take_comma_or_end(struct tree *tree)
{
	if (*tree->at != ',')
		return take_end(tree);
	return take_mark(tree, ',',
		json_is_array(innermost(tree)) ? EXPECT_ELEMENT_OR_END : EXPECT_NAME_OR_END);
}

/* A comma with an end behind it has been refused by json_scan(). */
static enum cosmo_err take_token(struct tree *tree)
{
	switch (tree->expected) {
	case EXPECT_TOP:
		return *tree->at == '{' ? take_value(tree) : COSMO_E_FORMAT;
	case EXPECT_NAME_OR_END:
		return *tree->at == '}' ? take_end(tree) : take_name(tree);
	case EXPECT_COLON:
		return take_mark(tree, ':', EXPECT_VALUE);
	case EXPECT_VALUE:
		return take_value(tree);
	case EXPECT_ELEMENT_OR_END:
		return *tree->at == ']' ? take_end(tree) : take_value(tree);
	case EXPECT_COMMA_OR_END:
		return take_comma_or_end(tree);
	case EXPECT_NOTHING:
		return COSMO_E_FORMAT;
	}
	return COSMO_E_FORMAT;
}

enum cosmo_err json_tree_build(const char *text, size_t len, struct json_object **ret)
{
	COSMO_AUTO(tree_done) struct tree tree = {.at = text, .end = text + len};
	enum cosmo_err err = COSMO_OK;

	tree.name = malloc(len + 1);
	tree.text = malloc(len + 1);
	if (!tree.name || !tree.text)
		return COSMO_E_NOMEM;
	for (skip_blanks(&tree); tree.at < tree.end && !err; skip_blanks(&tree))
		err = take_token(&tree);
	if (!err && tree.expected != EXPECT_NOTHING)
		err = COSMO_E_FORMAT;
	if (!err)
		*ret = COSMO_STEAL(&tree.root);
	return err;
}
