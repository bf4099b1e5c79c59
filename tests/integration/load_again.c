/* SPDX-License-Identifier: MIT */
/*
 * A program that loads the PAM module and the NSS plugin again and again, uses them and lets them
 * go:
 *
 *   load_again MODULE PLUGIN CONFDIR USER COUNT
 *
 * USER is one of ours. It prints what the process held after the first rounds and at the end:
 * "before MAPPINGS DESCRIPTORS KEY" and "after MAPPINGS DESCRIPTORS KEY".
 */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <nss.h>
#include <pthread.h>
#include <pwd.h>
#include <security/pam_appl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WARM_UP 20

typedef int service_function(pam_handle_t *, int, int, const char **);
typedef enum nss_status name_function(const char *, struct passwd *, char *, size_t, int *);

static void end(const char *what)
{
	fprintf(stderr, "%s\n", what);
	exit(1);
}

static void *loaded(const char *path)
{
	void *object = dlopen(path, RTLD_NOW | RTLD_LOCAL);

	if (!object)
		end(dlerror());
	return object;
}

/* As POSIX has it for functions: @ret is where a pointer to one stands. */
static void find(void *object, const char *name, void *ret)
{
	void *found = dlsym(object, name);

	if (!found)
		end(dlerror());
	memcpy(ret, &found, sizeof(found));
}

/* Root is none of ours, and setting credentials asks nobody: both end at once. */
static void use_module(const char *path, const char *confdir, const char *user)
{
	const struct pam_conv none = {NULL, NULL};
	void *object = loaded(path);
	service_function *authenticate = NULL;
	service_function *setcred = NULL;
	pam_handle_t *pamh = NULL;

	find(object, "pam_sm_authenticate", &authenticate);
	find(object, "pam_sm_setcred", &setcred);
	if (pam_start_confdir("other", "root", &none, confdir, &pamh) != PAM_SUCCESS)
		end("no PAM");
	if (authenticate(pamh, 0, 0, NULL) != PAM_IGNORE)
		end("root was not ignored");
	if (pam_set_item(pamh, PAM_USER, user) != PAM_SUCCESS ||
		setcred(pamh, PAM_ESTABLISH_CRED, 0, NULL) != PAM_SUCCESS)
		end("credentials were refused");
	pam_end(pamh, PAM_SUCCESS);
	dlclose(object);
}

static void use_plugin(const char *path, const char *user)
{
	void *object = loaded(path);
	name_function *look_up = NULL;
	struct passwd entry = {0};
	char buffer[1024];
	int error = 0;

	find(object, "_nss_cosmo_getpwnam_r", &look_up);
	if (look_up(user, &entry, buffer, sizeof(buffer), &error) != NSS_STATUS_SUCCESS ||
		strcmp(entry.pw_name, user) != 0)
		end("the user was not found");
	if (look_up("nobody-of-ours", &entry, buffer, sizeof(buffer), &error) !=
		NSS_STATUS_NOTFOUND)
		end("a stranger was found");
	dlclose(object);
}

static size_t count_mappings(void)
{
	FILE *file = fopen("/proc/self/maps", "re");
	size_t count = 0;
	int byte = 0;

	if (!file)
		end("no /proc/self/maps");
	while ((byte = fgetc(file)) != EOF)
		count += byte == '\n';
	fclose(file);
	return count;
}

static size_t count_descriptors(void)
{
	DIR *folder = opendir("/proc/self/fd");
	size_t count = 0;

	if (!folder)
		end("no /proc/self/fd");
	while (readdir(folder))
		count++;
	closedir(folder);
	return count;
}

/* One that a library had made and kept would move the next one. */
static unsigned int next_key(void)
{
	pthread_key_t key = 0;

	if (pthread_key_create(&key, NULL) != 0)
		end("no thread key is left");
	pthread_key_delete(key);
	return key;
}

static void print_held(const char *when)
{
	size_t mappings = count_mappings();

	printf("%s %zu %zu %u\n", when, mappings, count_descriptors(), next_key());
	fflush(stdout);
}

int main(int argc, char **argv)
{
	long count = argc == 6 ? strtol(argv[5], NULL, 10) : 0;

	if (count <= 0)
		end("usage: load_again MODULE PLUGIN CONFDIR USER COUNT");
	print_held("first");
	for (long i = -WARM_UP; i < count; i++) {
		if (i == 0)
			print_held("before");
		use_module(argv[1], argv[3], argv[4]);
		use_plugin(argv[2], argv[4]);
	}
	print_held("after");
	return 0;
}
