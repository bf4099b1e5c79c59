/* SPDX-License-Identifier: MIT */
#include "ctl/text_diff.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/auto.h"

/* Larger texts are shown as gone and come as a whole. */
#define MAX_LINES ((size_t)2000)

struct lines {
	const char *at[MAX_LINES + 1]; /* start of each, and the end of the text */
	size_t count;
};

struct diff {
	struct lines before;
	struct lines after;
	uint16_t *common; /* of the longest common sequence from line i of before and k of after */
};

static void lines_read(struct lines *lines, const char *text)
{
	lines->count = 0;
	lines->at[0] = text;
	while (*text && lines->count < MAX_LINES) {
		size_t len = strcspn(text, "\n");

		text += len + (text[len] == '\n');
		lines->at[++lines->count] = text;
	}
	if (*text)
		lines->at[lines->count] = text + strlen(text);
}

static size_t length(const struct lines *lines, size_t index)
{
	return (size_t)(lines->at[index + 1] - lines->at[index]);
}

static uint16_t *cell(const struct diff *diff, size_t i, size_t k)
{
	return &diff->common[i * (diff->after.count + 1) + k];
}

static bool is_same(const struct diff *diff, size_t i, size_t k)
{
	size_t len = length(&diff->before, i);

	return len == length(&diff->after, k) &&
	       memcmp(diff->before.at[i], diff->after.at[k], len) == 0;
}

static void measure(const struct diff *diff)
{
	for (size_t i = diff->before.count; i-- > 0;)
		for (size_t k = diff->after.count; k-- > 0;) {
			uint16_t skip_before = *cell(diff, i + 1, k);
			uint16_t skip_after = *cell(diff, i, k + 1);

			if (is_same(diff, i, k))
				*cell(diff, i, k) = (uint16_t)(*cell(diff, i + 1, k + 1) + 1);
			else
				*cell(diff, i, k) =
					skip_before > skip_after ? skip_before : skip_after;
		}
}

static void print_line(FILE *out, char sign, const struct lines *lines, size_t index)
{
	size_t len = length(lines, index);
	const char *line = lines->at[index];

	fprintf(out, "  %c%.*s%s", sign, (int)len, line, line[len - 1] == '\n' ? "" : "\n");
}

static void print_all(FILE *out, const struct diff *diff)
{
	size_t i = 0;
	size_t k = 0;

	while (i < diff->before.count || k < diff->after.count) {
		bool has_both = i < diff->before.count && k < diff->after.count;

		if (has_both && diff->common && is_same(diff, i, k)) {
			i++;
			k++;
		} else if (i < diff->before.count &&
			   (!has_both || !diff->common ||
				   *cell(diff, i + 1, k) >= *cell(diff, i, k + 1))) {
			print_line(out, '-', &diff->before, i++);
		} else {
			print_line(out, '+', &diff->after, k++);
		}
	}
}

void text_diff_print(FILE *out, const char *before, const char *after)
{
	COSMO_AUTO(free) struct diff *diff = calloc(1, sizeof(*diff));
	COSMO_AUTO(free) uint16_t *common = NULL;

	if (!diff)
		return;
	lines_read(&diff->before, before ? before : "");
	lines_read(&diff->after, after ? after : "");
	if (diff->before.count < MAX_LINES && diff->after.count < MAX_LINES)
		common =
			calloc((diff->before.count + 1) * (diff->after.count + 1), sizeof(*common));
	diff->common = common;
	if (common)
		measure(diff);
	print_all(out, diff);
}
