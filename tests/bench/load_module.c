/* SPDX-License-Identifier: MIT */
/*
 * Loads a module as PAM (now) or glibc's NSS (lazily) does, and says as JSON what that cost:
 *
 *   load_module now|lazy MODULE
 *
 * Nanoseconds, minor faults (pages touched for the first time), and KiB of private dirty memory.
 * libpam is here before, as in each program that would load a PAM module.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#define NS_PER_S 1000000000LL

static long long now_ns(void)
{
	struct timespec now = {0};

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * NS_PER_S + now.tv_nsec;
}

static long faults(void)
{
	struct rusage usage = {0};

	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_minflt;
}

static long private_dirty_kib(void)
{
	char line[256] = "";
	long kib = -1;
	FILE *file = fopen("/proc/self/smaps_rollup", "re");

	if (!file)
		return -1;
	while (kib < 0 && fgets(line, sizeof(line), file))
		(void)sscanf(line, "Private_Dirty: %ld kB", &kib);
	(void)fclose(file);
	return kib;
}

int main(int argc, char **argv)
{
	int how = argc == 3 && strcmp(argv[1], "now") == 0 ? RTLD_NOW : RTLD_LAZY;
	long kib = 0;
	long count = 0;
	long long began_ns = 0;
	long long took_ns = 0;

	if (argc != 3 || !dlopen("libpam.so.0", RTLD_NOW | RTLD_GLOBAL))
		return 2;
	(void)private_dirty_kib(); /* what reading it takes is here by now */
	kib = private_dirty_kib();
	count = faults();
	began_ns = now_ns();
	if (!dlopen(argv[2], how)) {
		fprintf(stderr, "%s\n", dlerror());
		return 1;
	}
	took_ns = now_ns() - began_ns;
	count = faults() - count;
	printf("{\"ns\": %lld, \"faults\": %ld, \"private_dirty_kib\": %ld}\n", took_ns, count,
		private_dirty_kib() - kib);
	return 0;
}
