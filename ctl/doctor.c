/* SPDX-License-Identifier: MIT */
#include "ctl/doctor.h"

#include <json-c/json.h>
#include <stdarg.h>
#include <stdio.h>

#include "ctl/output.h"

__attribute__((format(printf, 3, 0))) static void add(
	struct doctor_list *list, enum doctor_state state, const char *format, va_list args)
{
	struct doctor_finding *finding = &list->items[list->count];

	if (list->count == DOCTOR_MAX_FINDINGS) {
		list->lost++;
		return;
	}
	*finding = (struct doctor_finding){.check = list->check, .state = state};
	(void)vsnprintf(finding->what, sizeof(finding->what), format, args);
	list->count++;
}

void doctor_ok(struct doctor_list *list, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add(list, DOCTOR_OK, format, args);
	va_end(args);
}

void doctor_note(struct doctor_list *list, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add(list, DOCTOR_NOTE, format, args);
	va_end(args);
}

void doctor_wrong(struct doctor_list *list, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add(list, DOCTOR_WRONG, format, args);
	va_end(args);
}

void doctor_not_checked(struct doctor_list *list, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add(list, DOCTOR_NOT_CHECKED, format, args);
	va_end(args);
}

void doctor_mend(struct doctor_list *list, const char *format, ...)
{
	struct doctor_finding *finding = NULL;
	va_list args;

	if (list->count == 0 || list->lost)
		return;
	finding = &list->items[list->count - 1];
	va_start(args, format);
	(void)vsnprintf(finding->mend, sizeof(finding->mend), format, args);
	va_end(args);
}

size_t doctor_count(const struct doctor_list *list, enum doctor_state state)
{
	size_t count = 0;

	for (size_t i = 0; i < list->count; i++)
		count += list->items[i].state == state;
	return count;
}

const char *doctor_state_name(enum doctor_state state)
{
	switch (state) {
	case DOCTOR_OK:
		return "ok";
	case DOCTOR_NOTE:
		return "note";
	case DOCTOR_WRONG:
		return "wrong";
	case DOCTOR_NOT_CHECKED:
		return "not_checked";
	}
	return "unknown";
}

static void print_json(const struct doctor_list *list)
{
	struct json_object *array = json_object_new_array();

	for (size_t i = 0; i < list->count; i++) {
		const struct doctor_finding *finding = &list->items[i];
		struct json_object *object = json_object_new_object();

		output_json_text(object, "check", finding->check);
		output_json_text(object, "state", doctor_state_name(finding->state));
		output_json_text(object, "what", finding->what);
		output_json_text(object, "mend", finding->mend[0] ? finding->mend : NULL);
		json_object_array_add(array, object);
	}
	output_json(array);
}

/* As wide as the longest of them. */
static const char *label_of(enum doctor_state state)
{
	switch (state) {
	case DOCTOR_OK:
		return "ok";
	case DOCTOR_NOTE:
		return "note";
	case DOCTOR_WRONG:
		return "WRONG";
	case DOCTOR_NOT_CHECKED:
		return "-";
	}
	return "?";
}

static void print_finding(const struct doctor_finding *finding)
{
	printf("%-5s  %-9s  ", label_of(finding->state), finding->check);
	output_text(finding->what);
	putchar('\n');
	if (!finding->mend[0])
		return;
	printf("%18s", "mend: ");
	output_text(finding->mend);
	putchar('\n');
}

static void print_count(const struct doctor_list *list)
{
	size_t wrong = doctor_count(list, DOCTOR_WRONG);
	size_t notes = doctor_count(list, DOCTOR_NOTE);
	size_t unseen = doctor_count(list, DOCTOR_NOT_CHECKED);

	if (wrong + notes + unseen == 0)
		puts("Nothing is wrong.");
	else
		printf("%zu wrong, %zu to be noted, %zu not looked at.\n", wrong, notes, unseen);
}

void doctor_print(const struct doctor_list *list, bool json)
{
	if (json) {
		print_json(list);
		return;
	}
	for (size_t i = 0; i < list->count; i++)
		print_finding(&list->items[i]);
	print_count(list);
	if (list->lost)
		printf("%zu more were found: mend these first, and run it again.\n", list->lost);
}
