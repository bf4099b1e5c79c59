/* SPDX-License-Identifier: MIT */
/* doctor: does every PAM service ask us, and does it take our no for one? */
#include <stdio.h>

#include "ctl/doctor.h"
#include "ctl/doctor_text.h"
#include "ctl/host_edit.h"
#include "ctl/nsswitch_edit.h"
#include "ctl/output.h"
#include "ctl/pam_line.h"
#include "ctl/pam_stack.h"

#define MODULE "pam_cosmo_sso.so"

/* One service of a target. */
struct service {
	const char *name;
	const char *target;
	enum pam_edit_kind kind;
	bool is_door; /* by which people come in, or become root */
	bool known;   /* people of ours are, to the host */
	char path[160];
	struct host_edit edit;  /* what enable would do about the target */
	enum cosmo_err planned; /* whether it could */
	char problem[512];      /* why it could not */
};

struct phase {
	const char *type;
	const char *success; /* what our success has to do */
	const char *missing; /* what follows where we are not asked */
};

static const struct phase auth = {"auth", "done", "nobody can sign in there with a code"};
static const struct phase account = {"account", "ok", "roles and locks do not count there"};
static const struct phase session = {
	"session", "ok", "its sessions are not known, and not ended by a disconnect"};

/* Before which line the mark has to stand that a block of ours lacks at its end; 0: it lacks none.
 */
static unsigned int open_block(const struct service *service)
{
	COSMO_AUTO(free) char *text = NULL;
	const char *at = NULL;
	unsigned int number = 1;
	unsigned int begin = 0;

	if (!strstr(service->problem, "damaged block") || !doctor_text_read(service->path, &text))
		return 0;
	begin = doctor_text_find(text, "#", "BEGIN", "cosmo-sso");
	for (at = text; begin && *at; number++) {
		size_t len = strcspn(at, "\n");

		if (number > begin && !pam_line_has(at, len, MODULE))
			break;
		at += len + (at[len] == '\n');
	}
	return begin ? number : 0;
}

/* Where enable finds something in its way. */
static void mend_by_editor(
	struct doctor_list *list, const struct service *service, const struct pam_stack_line *line)
{
	unsigned int end = open_block(service);

	if (end)
		doctor_mend(list,
			"Edit %s, line %u: put `# END cosmo-sso` before it. Then: cosmo-ssoctl enable %s",
			service->path, end, service->target);
	else if (line && strstr(service->problem, "did not write"))
		doctor_mend(list, "Edit %s, line %u: take it out. Then: cosmo-ssoctl enable %s",
			line->file, line->number, service->target);
	else
		doctor_mend(list, "Edit %s (%s). Then: cosmo-ssoctl enable %s", service->path,
			service->problem, service->target);
}

static void mend(
	struct doctor_list *list, const struct service *service, const struct pam_stack_line *line)
{
	if (service->planned)
		mend_by_editor(list, service, line);
	else
		doctor_mend(list, "cosmo-ssoctl enable %s", service->target);
}

static bool is_asked(const struct service *service, const struct phase *phase)
{
	struct pam_stack stack = {.count = 0};

	return pam_stack_read(HOST_PAM_FOLDER, service->name, phase->type, &stack) &&
	       pam_stack_find(&stack, MODULE) < stack.count;
}

static bool put_missing(
	struct doctor_list *list, const struct service *service, const struct phase *phase)
{
	if (service->is_door && service->known)
		doctor_wrong(list, "PAM service %s does not ask us in its %s phase: %s",
			service->name, phase->type, phase->missing);
	else
		doctor_note(list, "PAM service %s does not ask us in its %s phase: %s",
			service->name, phase->type, phase->missing);
	mend(list, service, NULL);
	return false;
}

static bool is_denial(const struct pam_stack_line *line, const char *code)
{
	char action[16] = "";

	pam_stack_action(line->control, code, action);
	return streq(action, "die") || streq(action, "bad");
}

/* What is wrong with the control of our line, or NULL. */
static const char *control_fault(const struct pam_stack_line *line, const struct phase *phase)
{
	char action[16] = "";

	if (!is_denial(line, "perm_denied") || !is_denial(line, "auth_err"))
		return "does not take our no for one: whom we refuse may get in all the same";
	if (is_denial(line, "ignore"))
		return "takes it for a no that we leave local accounts alone: they are locked out";
	pam_stack_action(line->control, "success", action);
	if (!streq(action, phase->success))
		return "does not go on as it has to after our yes";
	return NULL;
}

/* The first line before ours that may pass it by; the count of lines if none does. */
static size_t passed_by(const struct pam_stack *stack, size_t ours)
{
	for (size_t i = 0; i < ours; i++)
		if (pam_stack_may_pass(&stack->lines[i]))
			return i;
	return stack->count;
}

static bool look_at_order(struct doctor_list *list, const struct service *service,
	const struct pam_stack *stack, size_t ours, const struct phase *phase)
{
	size_t before = passed_by(stack, ours);

	/* In su root goes first, and so do those whom others turn away. */
	if (before == stack->count || (service->kind == PAM_EDIT_SU && phase == &auth))
		return true;
	doctor_wrong(list, "%s:%u may let people in before our %s line is reached (PAM service %s)",
		stack->lines[before].file, stack->lines[before].number, phase->type, service->name);
	mend(list, service, &stack->lines[ours]);
	return false;
}

static bool look_at_phase(
	struct doctor_list *list, const struct service *service, const struct phase *phase)
{
	struct pam_stack stack = {.count = 0};
	const char *fault = NULL;
	size_t ours = 0;

	if (!pam_stack_read(HOST_PAM_FOLDER, service->name, phase->type, &stack))
		return true;
	ours = pam_stack_find(&stack, MODULE);
	if (ours == stack.count)
		return put_missing(list, service, phase);
	if (phase == &session)
		return true;
	fault = control_fault(&stack.lines[ours], phase);
	if (!fault)
		return look_at_order(list, service, &stack, ours, phase);
	doctor_wrong(list, "%s:%u: our %s line of PAM service %s %s", stack.lines[ours].file,
		stack.lines[ours].number, phase->type, service->name, fault);
	mend(list, service, &stack.lines[ours]);
	return false;
}

/* Would enable write it otherwise, though it does what it has to? */
static bool look_at_age(struct doctor_list *list, const struct service *service)
{
	if (open_block(service)) {
		doctor_wrong(list, "%s holds a damaged block of ours: its end is missing",
			service->path);
		mend(list, service, NULL);
		return false;
	}
	for (size_t i = 0; !service->planned && i < service->edit.changes.count; i++) {
		const struct file_change *change = &service->edit.changes.items[i];

		if (!streq(change->path, service->path) || !file_change_differs(change))
			continue;
		doctor_note(
			list, "%s is not as this version of cosmo-ssoctl writes it", service->path);
		doctor_mend(list, "cosmo-ssoctl enable %s", service->target);
		return false;
	}
	return true;
}

static bool look_at_service(struct doctor_list *list, struct service *service)
{
	bool good = true;

	/* Where nothing of ours is there is one thing to be said. */
	if (!is_asked(service, &auth) && !is_asked(service, &account))
		return put_missing(list, service, &account);
	if (service->kind != PAM_EDIT_JOB)
		good = look_at_phase(list, service, &auth);
	good = look_at_phase(list, service, &account) && good;
	if (service->kind == PAM_EDIT_LOGIN)
		good = look_at_phase(list, service, &session) && good;
	return good && look_at_age(list, service);
}

static bool is_here(const char *service)
{
	struct pam_stack stack = {.count = 0};

	return pam_stack_read(HOST_PAM_FOLDER, service, "auth", &stack);
}

static bool look_at_target(struct doctor_list *list, enum host_target target, bool known)
{
	struct service service = {
		.target = host_target_name(target),
		.kind = host_target_kind(target),
		.is_door = target <= HOST_SU,
		.known = known,
		.edit = {.enable = true},
	};
	bool good = true;

	service.edit.chosen[target] = true;
	output_catch(service.problem, sizeof(service.problem));
	service.planned = host_edit_plan(&service.edit);
	output_catch(NULL, 0);
	for (size_t i = 0; host_target_service(target, i); i++) {
		service.name = host_target_service(target, i);
		(void)snprintf(
			service.path, sizeof(service.path), "%s/%s", HOST_PAM_FOLDER, service.name);
		if (is_here(service.name))
			good = look_at_service(list, &service) && good;
	}
	file_changes_done(&service.edit.changes);
	return good;
}

/* Without look-ups nobody of ours comes as far as PAM. */
static bool is_known(void)
{
	COSMO_AUTO(free) char *text = NULL;
	struct nsswitch_line line = {.text = ""};
	unsigned int number = 0;

	return doctor_text_read(HOST_NSSWITCH, &text) &&
	       nsswitch_fault_of(text, NSSWITCH_PASSWD, &line, &number) != NSSWITCH_ABSENT;
}

static void look(struct doctor_list *list)
{
	bool known = is_known();
	bool good = true;

	for (size_t i = HOST_SSHD; i < HOST_TARGET_COUNT; i++)
		good = look_at_target(list, (enum host_target)i, known) && good;
	if (good)
		doctor_ok(list, "every PAM service asks us, and takes our no for one");
}

const struct doctor_check doctor_check_pam = {
	.name = "pam",
	.run = look,
};
