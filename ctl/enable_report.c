/* SPDX-License-Identifier: MIT */
#include "ctl/enable_report.h"

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>

#include "ctl/exit_code.h"
#include "ctl/output.h"
#include "ctl/text_diff.h"

static void add_diff(struct json_object *object, const struct file_change *change)
{
	COSMO_AUTO(free) char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (out) {
		text_diff_print(out, change->before, change->after);
		(void)fclose(out);
	}
	output_json_text(object, "diff", text);
}

static void add_files(struct json_object *object, const struct file_changes *changes)
{
	struct json_object *files = json_object_new_array();
	bool is_changed = false;

	for (size_t i = 0; i < changes->count; i++) {
		const struct file_change *change = &changes->items[i];
		struct json_object *file = NULL;

		if (!file_change_differs(change))
			continue;
		is_changed = is_changed || change->written;
		file = json_object_new_object();
		output_json_text(file, "path", change->path);
		output_json_text(file, "change",
			change->before ? (change->after ? "changed" : "removed") : "new");
		add_diff(file, change);
		json_object_array_add(files, file);
	}
	json_object_object_add(object, "changed", json_object_new_boolean(is_changed));
	json_object_object_add(object, "files", files);
}

void enable_report_print(const struct host_edit *edit, bool dry_run, int code)
{
	struct json_object *object = json_object_new_object();
	const char *backup = edit->changes.backup;

	json_object_object_add(object, "dry_run", json_object_new_boolean(dry_run));
	add_files(object, &edit->changes);
	output_json_text(object, "backup", backup[0] ? backup : NULL);
	output_json_notes(object);
	if (code != EXIT_CODE_OK)
		output_keep_failure(code == EXIT_CODE_DENIED ? COSMO_E_CANCELLED : COSMO_E_CONFIG);
	output_json_failure(object);
	output_json(object);
}
