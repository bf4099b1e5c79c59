/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include <json-c/json.h>

#include "pam_cosmo_sso/judge/json.h"

static enum cosmo_err parse_len(const char *text, size_t len)
{
	COSMO_AUTO(json_free) struct json_object *root = NULL;
	enum cosmo_err err = json_parse(text, len, &root);

	assert_true((err == COSMO_OK) == (root != NULL));
	return err;
}

static enum cosmo_err parse(const char *text)
{
	return parse_len(text, strlen(text));
}

/* The caller frees it. */
static struct json_object *parsed(const char *text)
{
	struct json_object *root = NULL;

	assert_int_equal(json_parse(text, strlen(text), &root), COSMO_OK);
	return root;
}

static void test_json_parse__objects__are_taken(void **state)
{
	static const char *const cases[] = {"{}", " {} ", "\r\n\t{}\r\n\t ", "{\"a\":null}",
		"{\"\":1}", "{\"a\":{\"a\":{\"a\":1}}}", "{\"a\":[[],{},\"\"],\"b\":-0.0}",
		"{\"a\":1e999,\"b\":99999999999999999999999999}"};

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(cases); i++) {
		print_message("%s\n", cases[i]);
		assert_int_equal(parse(cases[i]), COSMO_OK);
	}
}

static void assert_as_json_c(const char *text)
{
	COSMO_AUTO(json_free) struct json_object *wanted = json_tokener_parse(text);
	COSMO_AUTO(json_free) struct json_object *found = parsed(text);

	print_message("%s\n", text);
	assert_non_null(wanted);
	assert_true(json_object_equal(found, wanted));
}

/* Every value is what json-c's own parser makes of it, which is not ours, see json_tree.c. */
static void test_json_parse__values__are_those_of_json_c(void **state)
{
	static const char *const cases[] = {
		"{\"a\":null,\"b\":true,\"c\":false,\"d\":{},\"e\":[],\"f\":\"\"}",
		"{\"\\\"\\\\\\/\\b\\f\\n\\r\\t\":\"\\\"\\\\\\/\\b\\f\\n\\r\\tbfnrtu\"}",
		"{\"\\u0041\":\"\\u0001\\u007f\\u0080\\u07ff\\u0800\\uD7FF\\ue000\\uFfFf0\"}",
		"{\"\":\"\\ud800\\udc00\\udbff\\uDFFF\\ud834\\udd1e \xc3\xa9\xf0\x9f\x98\x80\"}",
		"{\"a\":[0,-0,1,-1,123,9223372036854775807,-9223372036854775808]}",
		"{\"a\":[0.0,1.5,-1.5e3,1e2,1E+2,1e-2,1e308,12345678901234567890.5,0.1]}",
		" { \"a\" : [ 1 , [ 2 , { \"b\" : [ ] } ] , \"]}\" ] , \"c\" : { \"a\" : { } } } ",
	};

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(cases); i++)
		assert_as_json_c(cases[i]);
}

/* All of these are refused, none of them ends the process. */
static void test_json_parse__anything_else__is_refused(void **state)
{
	static const char *const cases[] = {
		"",
		" ",
		"[]",
		"1",
		"\"a\"",
		"true",
		"null",
		"null ",
		"[{}]",
		/* order */
		"{",
		"}",
		"{]",
		"{\"a\"}",
		"{\"a\":}",
		"{\"a\" 1}",
		"{\"a\"::1}",
		"{:1}",
		"{1:1}",
		"{\"a\":1 \"b\":2}",
		"{,}",
		"{\"a\":1,}",
		"{\"a\":[1,]}",
		"{\"a\":[,1]}",
		"{\"a\":[1 2]}",
		"{\"a\":[1:2]}",
		"{\"a\":1,,\"b\":2}",
		"{true:1}",
		"{\"a\":{]}",
		/* beyond the end */
		"{}{}",
		"{}1",
		"{},",
		"{}x",
		"{}}",
		"{} {}",
		"{}[]",
		"{}\"",
		"{}/**/",
		"{}//",
		/* lenient parsers' gifts */
		"{a:1}",
		"{'a':1}",
		"{\"a\":'b'}",
		"{\"a\":NaN}",
		"{\"a\":Infinity}",
		"{\"a\":01}",
		"{\"a\":+1}",
		"{\"a\":1.}",
		"{\"a\":.1}",
		/* two numbers are not one */
		"{\"a\":1-2}",
		"{\"a\":-1-2}",
		"{\"a\":[0-0]}",
		"{\"a\":1.5-2}",
		"{\"a\":1e2-3}",
		"{\"a\":1e-2-3}",
		"{/**/}",
		"{\"a\":0x1}",
		"{\"a\":TRUE}",
		"{\"a\":\"\t\"}",
		/* text */
		"{\"a\":\"\\u0000\"}",
		"{\"a\\u0000b\":1}",
		"{\"a\":\"\xff\"}",
		"{\"\xc3\":1}",
		"{\"a\":\"\\ud800\"}",
		"{\"a\":\"\xed\xa0\x80\"}",
		"\xef\xbb\xbf{}",
	};

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(cases); i++) {
		print_message("%s\n", cases[i]);
		assert_int_equal(parse(cases[i]), COSMO_E_FORMAT);
	}
}

/*
 * The grammar of RFC 8259, section 2, over one letter for each token: '"' is a string and '1' a
 * number. Each takes what it can off *at and says whether it was there.
 */
static bool take_letter(const char **at, char letter)
{
	if (**at != letter)
		return false;
	(*at)++;
	return true;
}

static bool take_value(const char **at) /* NOLINT(misc-no-recursion): no deeper than LETTERS */
{
	char closing = **at == '{' ? '}' : ']';

	if (!take_letter(at, '{') && !take_letter(at, '['))
		return take_letter(at, '"') || take_letter(at, '1');
	if (take_letter(at, closing))
		return true;
	do {
		if (closing == '}' && !(take_letter(at, '"') && take_letter(at, ':')))
			return false;
		if (!take_value(at))
			return false;
	} while (take_letter(at, ','));
	return take_letter(at, closing);
}

#define MAX_TRIED     6
#define LETTERS       (3 + MAX_TRIED)
#define SPELLED_BYTES (3 * LETTERS + 1)

/* The text of the letters, with nothing to hold tokens apart; no two strings in it are equal. */
static void spell(const char *letters, char ret[SPELLED_BYTES])
{
	char *at = ret;

	for (size_t i = 0; letters[i]; i++) {
		if (letters[i] == '"')
			at += sprintf(at, "\"%c\"", 'a' + (char)i);
		else if (letters[i] == '1')
			at = stpcpy(at, "-1");
		else
			*at++ = letters[i];
	}
	*at = '\0';
}

/* Whether a text is right that goes on with these tokens, three bits each; it must be taken just
 * then. */
static bool try_tokens(const char *start, uint32_t number, size_t count)
{
	char letters[LETTERS + 1] = "";
	char text[SPELLED_BYTES] = "";
	const char *at = letters;
	bool right = false;

	memcpy(letters, start, strlen(start));
	for (size_t i = 0; i < count; i++)
		letters[strlen(start) + i] = "{}[]:,\"1"[number >> 3 * i & 7];
	right = take_value(&at) && *at == '\0';
	spell(letters, text);
	if ((parse(text) == COSMO_OK) != right)
		fail_msg("%s", text);
	return right;
}

/* Nothing else is taken, whatever json-c's own idea of a lenient or a strict text is. */
static void test_json_parse__any_order_of_tokens__is_taken_by_the_grammar_alone(void **state)
{
	size_t taken = 0;

	(void)state;
	for (size_t count = 0; count <= MAX_TRIED; count++)
		for (uint32_t number = 0; number < 1U << 3 * count; number++) {
			taken += try_tokens("{", number, count);
			taken += try_tokens("{\":", number, count);
		}
	assert_true(taken > 20);
}

/* Which of two a reader takes must never matter. */
/* case: grant: a member that stands twice makes the whole answer unreadable */
static void test_json_parse__duplicate_members__are_refused(void **state)
{
	static const char *const cases[] = {
		"{\"a\":1,\"a\":1}",
		"{\"a\":1,\"b\":2,\"a\":3}",
		"{\"a\":1,\"\\u0061\":2}",
		"{\"\\u00e9\":1,\"\xc3\xa9\":2}",
		"{\"x\":{\"a\":1,\"a\":2}}",
		"{\"x\":[{},{\"a\":1,\"a\":2}]}",
		"{\"a\":{\"b\":1,\"c\":2},\"a\":3}",
		"{\"\":1,\"\":2}",
		"{\"a\":null,\"a\":null}",
	};

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(cases); i++) {
		print_message("%s\n", cases[i]);
		assert_int_equal(parse(cases[i]), COSMO_E_FORMAT);
	}
	assert_int_equal(parse("{\"a\":{\"a\":1},\"b\":[{\"a\":1},{\"a\":1}],\"A\":1}"), COSMO_OK);
}

static char *nested(size_t depth, char open, char close)
{
	char *text = malloc(2 * depth + 16);
	char *at = text;

	assert_non_null(text);
	at = stpcpy(at, "{\"a\":");
	memset(at, open, depth);
	memset(at + depth, close, depth);
	strcpy(at + 2 * depth, "}");
	return text;
}

/* case: grant: nesting without end is refused before it costs anything */
static void test_json_parse__depth__is_bounded(void **state)
{
	COSMO_AUTO(free) char *good = nested(JSON_MAX_DEPTH - 1, '[', ']');
	COSMO_AUTO(free) char *deep = nested(JSON_MAX_DEPTH, '[', ']');
	COSMO_AUTO(free) char *bomb = nested(100000, '[', ']');
	COSMO_AUTO(free) char *open = malloc(JSON_MAX_TEXT_BYTES);

	(void)state;
	assert_int_equal(parse(good), COSMO_OK);
	assert_int_equal(parse(deep), COSMO_E_FORMAT);
	assert_int_equal(parse(bomb), COSMO_E_FORMAT);
	assert_non_null(open);
	for (size_t i = 0; i + 5 <= JSON_MAX_TEXT_BYTES; i += 5)
		memcpy(open + i, "{\"a\":", 5);
	assert_int_equal(parse_len(open, JSON_MAX_TEXT_BYTES / 5 * 5), COSMO_E_FORMAT);
}

/* case: grant: an answer of more than 256 KiB is refused, however large it goes on to be */
static void test_json_parse__length__is_bounded(void **state)
{
	COSMO_AUTO(free) char *text = malloc(JSON_MAX_TEXT_BYTES + 1);

	(void)state;
	assert_non_null(text);
	memset(text, ' ', JSON_MAX_TEXT_BYTES + 1);
	memcpy(text, "{}", 2);
	assert_int_equal(parse_len(text, JSON_MAX_TEXT_BYTES), COSMO_OK);
	assert_int_equal(parse_len(text, JSON_MAX_TEXT_BYTES + 1), COSMO_E_FORMAT);
}

/* case: grant: JSON cut off at any byte is refused */
static void test_json_parse__cut_at_every_byte__is_refused(void **state)
{
	static const char text[] =
		"{\"iss\":\"\xc3\xa9\\u00e9\",\"aud\":[\"a\",null,{\"b\":-1.5e3}],\"ok\":true}";

	(void)state;
	for (size_t len = 0; len < sizeof(text) - 1; len++) {
		COSMO_AUTO(free) char *copy = malloc(len ? len : 1);

		assert_non_null(copy);
		memcpy(copy, text, len); /* no NUL behind it: nothing there may be looked at */
		assert_int_equal(parse_len(copy, len), COSMO_E_FORMAT);
	}
	assert_int_equal(parse_len(text, sizeof(text) - 1), COSMO_OK);
	assert_int_equal(parse_len(text, sizeof(text)), COSMO_E_FORMAT); /* the NUL is junk */
}

static void test_json_parse__any_byte_changed__ends_in_an_answer(void **state)
{
	static const char text[] = "{\"a\":[1,\"\\u00e9\",{\"b\":true}],\"c\":-1.5e3}";

	(void)state;
	for (size_t at = 0; at < sizeof(text) - 1; at++) {
		for (unsigned int c = 0; c < 256; c++) {
			char copy[sizeof(text)];

			memcpy(copy, text, sizeof(text));
			copy[at] = (char)c;
			(void)!parse(copy);
		}
	}
}

static void test_json_member__and_has__tell_null_from_absent(void **state)
{
	COSMO_AUTO(json_free)
	struct json_object *root = parsed("{\"n\":null,\"a\":1,\"o\":{\"x\":2},\"A\":3}");

	(void)state;
	assert_null(json_member(root, "n"));
	assert_true(json_has(root, "n"));
	assert_null(json_member(root, "none"));
	assert_false(json_has(root, "none"));
	assert_non_null(json_member(root, "a"));
	assert_ptr_not_equal(json_member(root, "a"), json_member(root, "A"));
	assert_null(json_member(root, ""));
	assert_null(json_member(json_member(root, "a"), "x"));
	assert_false(json_has(json_member(root, "a"), "x"));
	assert_null(json_member(NULL, "a"));
	assert_false(json_has(NULL, "a"));
	json_free(NULL);
}

static void test_json_str__types_and_lengths__have_their_codes(void **state)
{
	static const struct {
		const char *name;
		enum cosmo_err err;
		enum cosmo_err opt_err;
	} cases[] = {
		{"s", COSMO_OK, COSMO_OK},
		{"s5", COSMO_E_TOO_BIG, COSMO_E_TOO_BIG},
		{"u", COSMO_OK, COSMO_OK}, /* bytes count, not characters */
		{"u5", COSMO_E_TOO_BIG, COSMO_E_TOO_BIG},
		{"e", COSMO_E_FORMAT, COSMO_E_FORMAT},
		{"i", COSMO_E_FORMAT, COSMO_E_FORMAT},
		{"d", COSMO_E_FORMAT, COSMO_E_FORMAT},
		{"b", COSMO_E_FORMAT, COSMO_E_FORMAT},
		{"a", COSMO_E_FORMAT, COSMO_E_FORMAT},
		{"o", COSMO_E_FORMAT, COSMO_E_FORMAT},
		{"n", COSMO_E_NOT_FOUND, COSMO_OK},
		{"none", COSMO_E_NOT_FOUND, COSMO_OK},
	};
	COSMO_AUTO(json_free)
	struct json_object *root =
		parsed("{\"s\":\"abcd\",\"s5\":\"abcde\",\"u\":\"\xc3\xa9\xc3\xa9\",\"u5\":"
		       "\"\xc3\xa9\xc3\xa9.\",\"e\":\"\",\"i\":1,\"d\":1.5,\"b\":true,"
		       "\"a\":[\"x\"],\"o\":{\"x\":\"y\"},\"n\":null}");

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(cases); i++) {
		const char *text = "kept";
		const char *opt = "kept";

		print_message("%s\n", cases[i].name);
		assert_int_equal(json_str(root, cases[i].name, 4, &text), cases[i].err);
		assert_int_equal(json_str_opt(root, cases[i].name, 4, &opt), cases[i].opt_err);
		if (cases[i].err != COSMO_OK)
			assert_string_equal(text, "kept");
		if (cases[i].opt_err != COSMO_OK)
			assert_string_equal(opt, "kept");
		else if (cases[i].err != COSMO_OK)
			assert_null(opt);
	}
}

#define NUMBERS                                                                                     \
	"{\"zero\":0,\"one\":1,\"minus\":-1,\"half\":1.9,\"minushalf\":-1.9,\"exp\":1e3,"           \
	"\"huge\":1e30,\"hugeint\":99999999999999999999999,\"max\":9223372036854775807,"            \
	"\"over\":9223372036854775808,\"min\":-9223372036854775808,\"under\":-9223372036854775809," \
	"\"inf\":1e999,\"minf\":-1e999,\"u64\":18446744073709551615,\"s\":\"12\",\"sm\":\"-12\","   \
	"\"sz\":\"012\",\"sb\":\" 12\",\"sd\":\"1.5\",\"se\":\"\",\"sx\":\"0x1\","                  \
	"\"sh\":\"99999999999999999999\",\"b\":true,\"a\":[1],\"o\":{},\"n\":null,"                 \
	"\"edge\":9007199254740992,\"edge1\":9007199254740993,\"tiny\":1e-999}"

static void test_json_time__numbers__are_cut_and_brought_into_bounds(void **state)
{
	static const struct {
		const char *name;
		enum cosmo_err err;
		int64_t value;
	} cases[] = {
		{"zero", COSMO_OK, 0},
		{"one", COSMO_OK, 1},
		{"minus", COSMO_OK, -1},
		{"half", COSMO_OK, 1},
		{"minushalf", COSMO_OK, -1},
		{"exp", COSMO_OK, 1000},
		{"tiny", COSMO_OK, 0},
		{"edge", COSMO_OK, JSON_MAX_TIME_S},
		{"edge1", COSMO_OK, JSON_MAX_TIME_S},
		{"huge", COSMO_OK, JSON_MAX_TIME_S},
		{"hugeint", COSMO_OK, JSON_MAX_TIME_S},
		{"max", COSMO_OK, JSON_MAX_TIME_S},
		{"over", COSMO_OK, JSON_MAX_TIME_S},
		{"u64", COSMO_OK, JSON_MAX_TIME_S},
		{"inf", COSMO_OK, JSON_MAX_TIME_S},
		{"min", COSMO_OK, -JSON_MAX_TIME_S},
		{"under", COSMO_OK, -JSON_MAX_TIME_S},
		{"minf", COSMO_OK, -JSON_MAX_TIME_S},
		{"s", COSMO_E_FORMAT, 0},
		{"b", COSMO_E_FORMAT, 0},
		{"a", COSMO_E_FORMAT, 0},
		{"o", COSMO_E_FORMAT, 0},
		{"n", COSMO_E_NOT_FOUND, 0},
		{"none", COSMO_E_NOT_FOUND, 0},
	};
	COSMO_AUTO(json_free) struct json_object *root = parsed(NUMBERS);

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(cases); i++) {
		int64_t value = 4711;

		print_message("%s\n", cases[i].name);
		assert_int_equal(json_time(root, cases[i].name, &value), cases[i].err);
		assert_true(value == (cases[i].err ? 4711 : cases[i].value));
	}
}

/* case: grant: numbers spelt as strings of digits are read as numbers, and nothing else is */
static void test_json_seconds__numbers_and_digits__are_never_negative(void **state)
{
	static const struct {
		const char *name;
		enum cosmo_err err;
		int64_t value;
	} cases[] = {
		{"zero", COSMO_OK, 0},
		{"half", COSMO_OK, 1},
		{"s", COSMO_OK, 12},
		{"huge", COSMO_OK, JSON_MAX_TIME_S},
		{"max", COSMO_OK, JSON_MAX_TIME_S},
		{"inf", COSMO_OK, JSON_MAX_TIME_S},
		{"minus", COSMO_E_FORMAT, 0},
		{"minushalf", COSMO_E_FORMAT, 0},
		{"minf", COSMO_E_FORMAT, 0},
		{"sm", COSMO_E_FORMAT, 0},
		{"sz", COSMO_E_FORMAT, 0},
		{"sb", COSMO_E_FORMAT, 0},
		{"sd", COSMO_E_FORMAT, 0},
		{"se", COSMO_E_FORMAT, 0},
		{"sx", COSMO_E_FORMAT, 0},
		{"sh", COSMO_E_FORMAT, 0},
		{"b", COSMO_E_FORMAT, 0},
		{"a", COSMO_E_FORMAT, 0},
		{"n", COSMO_E_NOT_FOUND, 0},
		{"none", COSMO_E_NOT_FOUND, 0},
	};
	COSMO_AUTO(json_free) struct json_object *root = parsed(NUMBERS);

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(cases); i++) {
		int64_t value = 4711;

		print_message("%s\n", cases[i].name);
		assert_int_equal(json_seconds(root, cases[i].name, &value), cases[i].err);
		assert_true(value == (cases[i].err ? 4711 : cases[i].value));
	}
}

/* For uids: cutting a number to fit would name somebody else. */
static void test_json_whole_number__anything_but_whole__is_refused(void **state)
{
	static const struct {
		const char *name;
		enum cosmo_err err;
		int64_t value;
	} cases[] = {
		{"zero", COSMO_OK, 0},
		{"minus", COSMO_OK, -1},
		{"max", COSMO_OK, INT64_MAX},
		{"min", COSMO_OK, INT64_MIN},
		{"s", COSMO_OK, 12},
		{"sm", COSMO_OK, -12},
		{"half", COSMO_E_FORMAT, 0},
		{"exp", COSMO_E_FORMAT, 0},
		{"inf", COSMO_E_FORMAT, 0},
		{"sz", COSMO_E_FORMAT, 0},
		{"sb", COSMO_E_FORMAT, 0},
		{"sd", COSMO_E_FORMAT, 0},
		{"se", COSMO_E_FORMAT, 0},
		{"sx", COSMO_E_FORMAT, 0},
		{"sh", COSMO_E_FORMAT, 0},
		{"b", COSMO_E_FORMAT, 0},
		{"a", COSMO_E_FORMAT, 0},
		{"n", COSMO_E_FORMAT, 0},
	};
	COSMO_AUTO(json_free) struct json_object *root = parsed(NUMBERS);

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(cases); i++) {
		int64_t value = 4711;

		print_message("%s\n", cases[i].name);
		assert_int_equal(
			json_whole_number(json_member(root, cases[i].name), &value), cases[i].err);
		assert_true(value == (cases[i].err ? 4711 : cases[i].value));
	}
}

static void test_json_array__others_and_outside__are_nothing(void **state)
{
	COSMO_AUTO(json_free)
	struct json_object *root = parsed("{\"a\":[\"x\",null,2],\"e\":[],\"o\":{},\"s\":\"x\"}");
	struct json_object *array = json_member(root, "a");

	(void)state;
	assert_int_equal(json_array_count(array), 3);
	assert_string_equal(json_text(json_array_at(array, 0)), "x");
	assert_null(json_array_at(array, 1));
	assert_null(json_text(json_array_at(array, 2)));
	assert_null(json_array_at(array, 3));
	assert_null(json_array_at(array, SIZE_MAX));
	assert_int_equal(json_array_count(json_member(root, "e")), 0);
	assert_int_equal(json_array_count(json_member(root, "o")), 0);
	assert_int_equal(json_array_count(json_member(root, "s")), 0);
	assert_int_equal(json_array_count(NULL), 0);
	assert_null(json_array_at(json_member(root, "o"), 0));
	assert_null(json_array_at(NULL, 0));
	assert_true(json_is_array(array) && !json_is_object(array));
	assert_true(json_is_object(root) && !json_is_array(root));
	assert_false(json_is_object(NULL) || json_is_array(NULL));
	assert_null(json_text(NULL));
}

static enum cosmo_err collect(const char *name, void *context)
{
	char *list = context;

	strcat(strcat(list, name), ";");
	return streq(name, "stop") ? COSMO_E_DENIED : COSMO_OK;
}

static void test_json_each_name__visits_in_order_until_told_to_stop(void **state)
{
	COSMO_AUTO(json_free)
	struct json_object *root = parsed("{\"b\":1,\"a\":{\"x\":1},\"stop\":2,\"z\":3}");
	char list[64] = "";

	(void)state;
	assert_int_equal(json_each_name(root, collect, list), COSMO_E_DENIED);
	assert_string_equal(list, "b;a;stop;");
	list[0] = '\0';
	assert_int_equal(json_each_name(json_member(root, "a"), collect, list), COSMO_OK);
	assert_string_equal(list, "x;");
	assert_int_equal(json_each_name(json_member(root, "b"), collect, list), COSMO_OK);
	assert_int_equal(json_each_name(NULL, collect, list), COSMO_OK);
	assert_string_equal(list, "x;");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_json_parse__objects__are_taken),
		cmocka_unit_test(test_json_parse__values__are_those_of_json_c),
		cmocka_unit_test(test_json_parse__anything_else__is_refused),
		cmocka_unit_test(
			test_json_parse__any_order_of_tokens__is_taken_by_the_grammar_alone),
		cmocka_unit_test(test_json_parse__duplicate_members__are_refused),
		cmocka_unit_test(test_json_parse__depth__is_bounded),
		cmocka_unit_test(test_json_parse__length__is_bounded),
		cmocka_unit_test(test_json_parse__cut_at_every_byte__is_refused),
		cmocka_unit_test(test_json_parse__any_byte_changed__ends_in_an_answer),
		cmocka_unit_test(test_json_member__and_has__tell_null_from_absent),
		cmocka_unit_test(test_json_str__types_and_lengths__have_their_codes),
		cmocka_unit_test(test_json_time__numbers__are_cut_and_brought_into_bounds),
		cmocka_unit_test(test_json_seconds__numbers_and_digits__are_never_negative),
		cmocka_unit_test(test_json_whole_number__anything_but_whole__is_refused),
		cmocka_unit_test(test_json_array__others_and_outside__are_nothing),
		cmocka_unit_test(test_json_each_name__visits_in_order_until_told_to_stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
