/* SPDX-License-Identifier: MIT */
#include "ctl/step_report.h"

#include <inttypes.h>
#include <json-c/json.h>
#include <stdio.h>

#include "common/base/log.h"
#include "ctl/ask.h"
#include "ctl/exit_code.h"
#include "ctl/options.h"
#include "ctl/output.h"

/* The one %s of @format. */
static void print_filled(const char *format, const char *value)
{
	const char *mark = strstr(format, "%s");

	if (!mark) {
		puts(format);
		return;
	}
	printf("%.*s%s%s\n", (int)(mark - format), format, value, mark + 2);
}

static void print_number(const char *format, uint64_t number, bool always)
{
	char digits[24] = "";

	(void)snprintf(digits, sizeof(digits), "%" PRIu64, number);
	if (format && (number || always))
		print_filled(format, digits);
}

static void print_fault(const char *format, const struct message *item)
{
	const char *detail = message_str(item, FIELD_DETAIL);
	char shown[512] = "";
	char text[640] = "";

	if (!format || message_err(item) == COSMO_OK)
		return;
	log_filter(detail ? detail : "", true, shown, sizeof(shown));
	(void)snprintf(text, sizeof(text), "%s%s[%s]", shown, detail ? " " : "",
		cosmo_err_id(message_err(item)));
	print_filled(format, text);
}

static void print_step(const struct step_report *report, const struct message *item)
{
	for (size_t i = 0; i < report->text_count; i++) {
		const struct step_text *text = &report->texts[i];

		if (!streq(text->id, message_str(item, FIELD_STEP_ID)))
			continue;
		print_number(text->done, message_u64(item, FIELD_COUNT, 0), text->always);
		print_number(text->left, message_u64(item, FIELD_LEFT, 0), false);
		print_fault(text->fault, item);
	}
}

static struct json_object *step_json(const struct message *item)
{
	struct json_object *object = json_object_new_object();

	output_json_text(object, "step", message_str(item, FIELD_STEP_ID));
	output_json_text(object, "result", cosmo_err_id(message_err(item)));
	json_object_object_add(
		object, "count", json_object_new_uint64(message_u64(item, FIELD_COUNT, 0)));
	json_object_object_add(
		object, "left", json_object_new_uint64(message_u64(item, FIELD_LEFT, 0)));
	output_json_text(object, "detail", message_str(item, FIELD_DETAIL));
	return object;
}

static void visit(void *context, const struct message *item)
{
	struct step_report *report = context;

	if (message_type(item) == MESSAGE_PROGRESS && !report->json) {
		output_text(message_str(item, FIELD_TEXT));
		putchar('\n');
	}
	if (message_type(item) != MESSAGE_STEP_ITEM)
		return;
	report->count++;
	if (report->json)
		json_object_array_add(report->steps, step_json(item));
	else
		print_step(report, item);
}

enum cosmo_err step_report_ask(struct step_report *report, struct message *request)
{
	struct json_object *object = NULL;
	enum cosmo_err err = COSMO_OK;

	if (report->dry_run)
		message_put_u64(request, FIELD_DRY_RUN, 1);
	if (report->json)
		report->steps = json_object_new_array();
	err = ask_simple(request, visit, report);
	if (!report->json || (err && report->count == 0)) {
		json_object_put(report->steps);
		return err;
	}
	object = json_object_new_object();
	json_object_object_add(object, "dry_run", json_object_new_boolean(report->dry_run));
	json_object_object_add(object, "steps", report->steps);
	output_json_failure(object);
	output_json(object);
	return err;
}

int step_report_run(const struct command *self, int argc, char **argv, enum message_type type,
	struct step_report *report)
{
	const struct option_spec specs[] = {
		{"dry-run", OPTION_FLAG, &report->dry_run},
		{"json", OPTION_FLAG, &report->json},
	};
	COSMO_AUTO(message_free) struct message *request = NULL;
	enum cosmo_err err = COSMO_OK;
	int first = 0;

	if (!options_parse(self, argc, argv, specs, COSMO_ARRAY_LEN(specs), &first))
		return EXIT_CODE_USAGE;
	if (first != argc)
		return command_usage_error(self, "it takes no operand");
	err = ask_new(type, &request);
	if (err)
		return (int)exit_code_of(err);
	err = step_report_ask(report, request);
	if (!err && !report->json)
		report->said(report);
	return (int)exit_code_of(err);
}
