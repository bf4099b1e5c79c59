/* SPDX-License-Identifier: MIT */
/* No block of memory is given back with a secret in it. Linked with --wrap=free and malloc. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <malloc.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/fdio.h"
#include "common/config.h"
#include "common/dialogue.h"
#include "common/ini.h"

#define SESAME "open-sesame-4711"
#define FAR    (fdio_boot_ms() + 60000)

static size_t freed_with_secret;
static size_t largest_block;

void __real_free(void *block);
void __wrap_free(void *block);
void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);

void __wrap_free(void *block)
{
	if (block && memmem(block, malloc_usable_size(block), SESAME, strlen(SESAME)))
		freed_with_secret++;
	__real_free(block);
}

void *__wrap_malloc(size_t size)
{
	if (size > largest_block)
		largest_block = size;
	return __real_malloc(size);
}

static int setup(void **state)
{
	(void)state;
	freed_with_secret = 0;
	largest_block = 0;
	return 0;
}

/* The check itself works: a block that is not wiped is seen. */
static void test_wipe__block_with_the_secret__is_noticed(void **state)
{
	/* volatile: or the compiler sees that the pair has no use. */
	char *volatile block = strdup(SESAME);

	(void)state;
	free(block);
	assert_int_equal(freed_with_secret, 1);
}

static void test_secret_free__bytes__are_wiped(void **state)
{
	struct cosmo_secret *secret = NULL;

	(void)state;
	assert_int_equal(secret_new(SESAME, strlen(SESAME), &secret), COSMO_OK);
	secret_free(secret);
	assert_int_equal(freed_with_secret, 0);
}

static struct message *with_secret(void)
{
	struct message *message = NULL;

	assert_int_equal(message_new(MESSAGE_JUDGE_IDENTITY, &message), COSMO_OK);
	message_put_bytes(message, FIELD_REFRESH_TOKEN, SESAME, strlen(SESAME));
	message_put_str(message, FIELD_ISSUER, "https://idp.example");
	message_put_str(message, FIELD_SUB, "1");
	message_put_str(message, FIELD_USERNAME, "ada");
	message_put_u64(message, FIELD_CLAIM_STATE, 0);
	return message;
}

static void test_message__growing_and_freed__is_wiped(void **state)
{
	struct message *message = with_secret();

	(void)state;
	for (int i = 0; i < 400; i++)
		message_put_str(message, FIELD_ROLE, "a-role-that-needs-some-room");
	message_free(message);
	assert_int_equal(freed_with_secret, 0);
}

static void test_message__decoded_or_refused__is_wiped(void **state)
{
	COSMO_AUTO(message_free) struct message *message = with_secret();
	const unsigned char *frame = NULL;
	struct message *received = NULL;
	size_t len = 0;

	(void)state;
	assert_int_equal(message_encode(message, &frame, &len), COSMO_OK);
	assert_int_equal(message_decode(frame, len, &received), COSMO_OK);
	message_free(received);
	assert_int_equal(message_decode(frame, len - 1, &received), COSMO_E_PROTOCOL);
	assert_int_equal(freed_with_secret, 0);
}

/* Whole, or broken off at any place. */
static void test_dialogue_recv__inbox__is_wiped(void **state)
{
	COSMO_AUTO(message_free) struct message *message = with_secret();
	const unsigned char *frame = NULL;
	size_t len = 0;

	(void)state;
	assert_int_equal(message_encode(message, &frame, &len), COSMO_OK);
	for (size_t sent = 0; sent <= len; sent++) {
		int fds[2] = {-1, -1};
		COSMO_AUTO(message_free) struct message *received = NULL;
		struct dialogue dialogue = {0};

		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
		dialogue = dialogue_init(fds[0], CHANNEL_JUDGE, SIDE_CLIENT);
		dialogue.state = STATE_SHOWN;
		assert_int_equal(write(fds[1], frame, sent), sent);
		close(fds[1]);
		assert_int_equal(dialogue_recv(&dialogue, FAR, &received),
			sent == len ? COSMO_OK : COSMO_E_PEER_GONE);
		close(fds[0]);
	}
	assert_int_equal(freed_with_secret, 0);
}

/* What a header claims is not room made: only what has arrived, and one step more. */
static void test_dialogue_recv__header_that_claims_much__allocates_little(void **state)
{
	static const unsigned char header[MESSAGE_HEADER_BYTES] = {
		COSMO_PROTOCOL_VERSION, MESSAGE_JUDGE_IDENTITY, 0, 0, 0, 0, 32, 0};
	struct message *received = NULL;
	struct dialogue dialogue = {0};
	int fds[2] = {-1, -1};

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	dialogue = dialogue_init(fds[0], CHANNEL_JUDGE, SIDE_CLIENT);
	dialogue.state = STATE_SHOWN;
	assert_int_equal(write(fds[1], header, sizeof(header)), sizeof(header));
	close(fds[1]);
	assert_int_equal(dialogue_recv(&dialogue, FAR, &received), COSMO_E_PEER_GONE);
	close(fds[0]);
	assert_true(largest_block <= (size_t)16 * 1024);
}

static void test_config__proxy_with_password__is_wiped(void **state)
{
	static const char good[] = "[integration]\nproxy = http://u:" SESAME "@proxy.example\n";
	static const char bad[] = "[integration]\nproxy = http://u:" SESAME "@proxy.example\n"
				  "nonsense = 1\n";
	struct config *config = NULL;
	struct config_problem problem = {.line = 0};

	(void)state;
	assert_int_equal(config_parse(good, strlen(good), &config, &problem), COSMO_OK);
	assert_non_null(strstr(config->proxy, SESAME));
	config_free(config);
	assert_int_equal(config_parse(bad, strlen(bad), &config, &problem), COSMO_E_CONFIG);
	assert_int_equal(freed_with_secret, 0);
}

static void test_config_load__text_of_the_file__is_wiped(void **state)
{
	char path[] = "/tmp/cosmo-wipe-XXXXXX";
	COSMO_AUTO_FD int fd = mkstemp(path);
	struct config *config = NULL;
	struct config_problem problem = {.line = 0};
	enum cosmo_err err = COSMO_OK;

	(void)state;
	if (geteuid() != 0) {
		print_message("SKIPPED: needs root\n");
		skip();
	}
	dprintf(fd, "[integration]\nproxy = http://u:" SESAME "@proxy.example\n");
	err = config_load(path, &config, &problem);
	unlink(path);
	assert_int_equal(err, COSMO_OK);
	config_free(config);
	assert_int_equal(freed_with_secret, 0);
}

static enum cosmo_err take_anything(void *context, const struct ini_line *line)
{
	(void)context;
	(void)line;
	return COSMO_OK;
}

/* The longer the line before, the less of it the lines behind it overwrite. */
static void *read_ini(void *context)
{
	static const char *const texts[] = {
		"[a]\nb = c\nkey = http://u:" SESAME "@proxy.example\n",
		"[a]\nkey = http://u:" SESAME "@proxy.example\nb = c\n",
		"[a]\nkey = http://u:" SESAME "@proxy.example\nnonsense\n",
	};
	unsigned int line = 0;
	const char *problem = NULL;

	(void)context;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(texts); i++)
		(void)!ini_read(texts[i], strlen(texts[i]), take_anything, NULL, &line, &problem);
	return NULL;
}

/* Run @work in a thread of which we see the stack afterwards. */
static bool stack_keeps_secret(void *(*work)(void *))
{
	size_t size = (size_t)1024 * 1024;
	void *stack = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	pthread_attr_t attributes;
	pthread_t thread;
	bool keeps = false;

	assert_ptr_not_equal(stack, MAP_FAILED);
	assert_int_equal(pthread_attr_init(&attributes), 0);
	assert_int_equal(pthread_attr_setstack(&attributes, stack, size), 0);
	assert_int_equal(pthread_create(&thread, &attributes, work, NULL), 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
	keeps = memmem(stack, size, SESAME, strlen(SESAME)) != NULL;
	pthread_attr_destroy(&attributes);
	munmap(stack, size);
	return keeps;
}

static void *leave_secret(void *context)
{
	char text[8192] = SESAME; /* so low that the end of the thread does not write over it */

	__asm__ volatile("" : : "r"(text) : "memory"); /* or the compiler sees that it has no use */
	return context;
}

static void test_wipe__stack_with_the_secret__is_noticed(void **state)
{
	(void)state;
	assert_true(stack_keeps_secret(leave_secret));
}

static void test_ini_read__last_line__is_wiped(void **state)
{
	(void)state;
	assert_false(stack_keeps_secret(read_ini));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_wipe__block_with_the_secret__is_noticed, setup),
		cmocka_unit_test_setup(test_secret_free__bytes__are_wiped, setup),
		cmocka_unit_test_setup(test_message__growing_and_freed__is_wiped, setup),
		cmocka_unit_test_setup(test_message__decoded_or_refused__is_wiped, setup),
		cmocka_unit_test_setup(test_dialogue_recv__inbox__is_wiped, setup),
		cmocka_unit_test_setup(
			test_dialogue_recv__header_that_claims_much__allocates_little, setup),
		cmocka_unit_test_setup(test_config__proxy_with_password__is_wiped, setup),
		cmocka_unit_test_setup(test_config_load__text_of_the_file__is_wiped, setup),
		cmocka_unit_test_setup(test_wipe__stack_with_the_secret__is_noticed, setup),
		cmocka_unit_test_setup(test_ini_read__last_line__is_wiped, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
