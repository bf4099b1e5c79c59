/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/fdio.h"
#include "common/dialogue.h"

/* A deadline that no test reaches unless something hangs. */
#define FAR (fdio_boot_ms() + 60000)
/* One that is reached, for tests of what happens then. */
#define NEAR (fdio_boot_ms() + 20)

struct pair {
	int client;
	int server;
};

static struct pair pair_open(void)
{
	int fds[2] = {-1, -1};

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	return (struct pair){fds[0], fds[1]};
}

static void hang_up(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void pair_close(struct pair *pair)
{
	hang_up(&pair->client);
	hang_up(&pair->server);
}

static int setup(void **state)
{
	static struct pair pair;

	pair = pair_open();
	*state = &pair;
	return 0;
}

static int teardown(void **state)
{
	pair_close(*state);
	return 0;
}

enum kind {
	KIND_U64,
	KIND_STR,
	KIND_BYTES,
};

static const enum kind kinds[] = {[FIELD_NONE] = KIND_BYTES,
#define KIND_OF(field, kind, max) [FIELD_##field] = KIND_##kind,
	FIELD_LIST(KIND_OF)
#undef KIND_OF
};

enum often {
	ONE,
	OPT,
	MANY,
};

static const struct {
	enum message_type type;
	enum message_field field;
	enum often often;
} members[] = {
#define MEMBER(message, field, often) {MESSAGE_##message, FIELD_##field, often},
	MESSAGE_FIELD_LIST(MEMBER)
#undef MEMBER
};

/* The smallest message of that type. */
static struct message *smallest(enum message_type type)
{
	struct message *message = NULL;

	assert_int_equal(message_new(type, &message), COSMO_OK);
	for (size_t i = 0; i < COSMO_ARRAY_LEN(members); i++) {
		enum message_field field = members[i].field;

		if (members[i].type != type || members[i].often != ONE)
			continue;
		if (kinds[field] == KIND_U64)
			message_put_u64(message, field, 1);
		else if (kinds[field] == KIND_STR)
			message_put_str(message, field, "x");
		else
			message_put_bytes(message, field, "x", 1);
	}
	return message;
}

static void send_raw(int fd, const void *bytes, size_t len)
{
	assert_int_equal(send(fd, bytes, len, MSG_NOSIGNAL), len);
}

static void send_frame(int fd, struct message *message)
{
	const unsigned char *frame = NULL;
	size_t len = 0;

	assert_int_equal(message_encode(message, &frame, &len), COSMO_OK);
	send_raw(fd, frame, len);
}

/* A receipt that must fail with @expected and end the dialogue for good. */
static void assert_recv_fails(struct dialogue *dialogue, int64_t deadline, enum cosmo_err expected)
{
	COSMO_AUTO(message_free) struct message *request = NULL;
	struct message *message = NULL;

	assert_int_equal(dialogue_recv(dialogue, deadline, &message), expected);
	assert_null(message);
	assert_int_equal(dialogue->state, STATE_BROKEN);
	request = smallest(MESSAGE_RESULT);
	assert_int_equal(dialogue_send(dialogue, request, FAR), COSMO_E_INVALID);
	assert_int_equal(dialogue_recv(dialogue, FAR, &message), COSMO_E_PROTOCOL);
	assert_null(message);
}

static struct dialogue server_of(const struct pair *pair)
{
	return dialogue_init(pair->server, CHANNEL_MODULE_HELPER, SIDE_SERVER);
}

static const struct {
	enum dialogue_channel channel;
	enum dialogue_state before;
	enum dialogue_side sender;
	enum message_type type;
	enum dialogue_state after;
} listed[] = {
#define LISTED(channel, before, sender, message, after)                                            \
	{CHANNEL_##channel, STATE_##before, SIDE_##sender, MESSAGE_##message, STATE_##after},
	DIALOGUE_LIST(LISTED)
#undef LISTED
};

/* The state after that message, STATE_BROKEN if it may not come. */
static enum dialogue_state state_after(enum dialogue_channel channel, enum dialogue_state before,
	enum dialogue_side sender, enum message_type type)
{
	for (size_t i = 0; i < COSMO_ARRAY_LEN(listed); i++)
		if (listed[i].channel == channel && listed[i].before == before &&
			listed[i].sender == sender && listed[i].type == type)
			return listed[i].after;
	return STATE_BROKEN;
}

/* Both ends of a new pair in that state: the sender's own table and the receiver's must agree. */
static void check_one(enum dialogue_channel channel, enum dialogue_state before,
	enum dialogue_side sender, enum message_type type)
{
	enum dialogue_state after = state_after(channel, before, sender, type);
	COSMO_AUTO(message_free) struct message *message = smallest(type);
	COSMO_AUTO(message_free) struct message *received = NULL;
	struct pair pair = pair_open();
	struct dialogue from = {0};
	struct dialogue to = {0};
	bool allowed = after != STATE_BROKEN;

	from = dialogue_init(pair.client, channel, sender);
	to = dialogue_init(pair.server, channel, sender == SIDE_CLIENT ? SIDE_SERVER : SIDE_CLIENT);
	from.state = before;
	to.state = before;
	assert_int_equal(dialogue_send(&from, message, FAR), allowed ? COSMO_OK : COSMO_E_INVALID);
	if (!allowed)
		send_frame(pair.client, message);
	assert_int_equal(dialogue_recv(&to, FAR, &received), allowed ? COSMO_OK : COSMO_E_PROTOCOL);
	assert_int_equal(from.state, after);
	assert_int_equal(to.state, after);
	if (allowed)
		assert_int_equal(message_type(received), type);
	pair_close(&pair);
}

/* case: peer: a message that may not come in this state, or from this side, ends the dialogue */
static void test_dialogue__every_message_in_every_state__by_the_table(void **state)
{
	(void)state;
	for (int channel = CHANNEL_MODULE_HELPER; channel <= CHANNEL_FETCH; channel++)
		for (int before = STATE_START; before <= STATE_BROKEN; before++)
			for (int type = MESSAGE_SIGN_IN; type <= MESSAGE_FETCH_FAILED; type++)
				for (int sender = SIDE_CLIENT; sender <= SIDE_SERVER; sender++)
					check_one((enum dialogue_channel)channel,
						(enum dialogue_state)before,
						(enum dialogue_side)sender,
						(enum message_type)type);
}

static void test_dialogue_recv__refused_by_header__does_not_wait_for_the_rest(void **state)
{
	const struct pair *pair = *state;
	struct dialogue server = server_of(pair);
	const unsigned char header[MESSAGE_HEADER_BYTES] = {
		COSMO_PROTOCOL_VERSION, MESSAGE_RESULT, 0, 0, 0, 0, 16, 0};

	send_raw(pair->client, header, sizeof(header));
	assert_recv_fails(&server, FAR, COSMO_E_PROTOCOL);
}

static void test_dialogue_recv__header_over_the_cap__is_too_big(void **state)
{
	const struct pair *pair = *state;
	struct dialogue server = server_of(pair);
	const unsigned char header[MESSAGE_HEADER_BYTES] = {
		COSMO_PROTOCOL_VERSION, MESSAGE_SIGN_IN, 0, 0, 1, 0, 32, 0};

	send_raw(pair->client, header, sizeof(header));
	assert_recv_fails(&server, FAR, COSMO_E_TOO_BIG);
}

static void test_dialogue_recv__another_version__is_a_protocol_error(void **state)
{
	const struct pair *pair = *state;
	struct dialogue server = server_of(pair);

	send_raw(pair->client, "\2\1\0\0\0\0\0\0", MESSAGE_HEADER_BYTES);
	assert_recv_fails(&server, FAR, COSMO_E_PROTOCOL);
}

static void test_dialogue_recv__closed_anywhere__is_peer_gone(void **state)
{
	COSMO_AUTO(message_free) struct message *message = smallest(MESSAGE_ACCOUNT);
	const unsigned char *frame = NULL;
	size_t len = 0;

	(void)state;
	assert_int_equal(message_encode(message, &frame, &len), COSMO_OK);
	for (size_t sent = 0; sent < len; sent++) {
		struct pair pair = pair_open();
		struct dialogue server = server_of(&pair);

		if (sent)
			send_raw(pair.client, frame, sent);
		hang_up(&pair.client);
		assert_recv_fails(&server, FAR, COSMO_E_PEER_GONE);
		pair_close(&pair);
	}
}

static void test_dialogue_recv__nothing_or_half_comes__times_out(void **state)
{
	const struct pair *pair = *state;
	struct dialogue server = server_of(pair);
	struct dialogue again = server_of(pair);

	assert_recv_fails(&server, NEAR, COSMO_E_TIMEOUT);
	send_raw(pair->client, "\1\2\0\0\7", 5);
	assert_recv_fails(&again, NEAR, COSMO_E_TIMEOUT);
}

/* A peer that always has something to say must not carry us past the deadline. */
static void test_dialogue__deadline_over__is_late_even_if_ready(void **state)
{
	const struct pair *pair = *state;
	COSMO_AUTO(message_free) struct message *message = smallest(MESSAGE_ACCOUNT);
	struct dialogue client = dialogue_init(pair->client, CHANNEL_MODULE_HELPER, SIDE_CLIENT);
	struct dialogue server = server_of(pair);

	send_frame(pair->client, message);
	assert_recv_fails(&server, fdio_boot_ms(), COSMO_E_TIMEOUT);
	server = server_of(pair);
	assert_recv_fails(&server, INT64_MIN, COSMO_E_TIMEOUT);
	assert_int_equal(dialogue_send(&client, message, 0), COSMO_E_TIMEOUT);
	assert_int_equal(client.state, STATE_BROKEN);
}

static void test_dialogue_send__peer_closed__is_no_signal(void **state)
{
	struct pair *pair = *state;
	COSMO_AUTO(message_free) struct message *message = smallest(MESSAGE_ACCOUNT);
	struct dialogue client = dialogue_init(pair->client, CHANNEL_MODULE_HELPER, SIDE_CLIENT);

	signal(SIGPIPE, SIG_DFL);
	hang_up(&pair->server);
	assert_int_equal(dialogue_send(&client, message, FAR), COSMO_E_PEER_GONE);
	assert_int_equal(client.state, STATE_BROKEN);
}

static void test_dialogue__no_socket__is_peer_gone(void **state)
{
	COSMO_AUTO(message_free) struct message *message = smallest(MESSAGE_ACCOUNT);
	struct dialogue client = dialogue_init(1 << 20, CHANNEL_MODULE_HELPER, SIDE_CLIENT);
	struct dialogue server = dialogue_init(1 << 20, CHANNEL_MODULE_HELPER, SIDE_SERVER);

	(void)state;
	assert_int_equal(dialogue_send(&client, message, FAR), COSMO_E_PEER_GONE);
	assert_recv_fails(&server, FAR, COSMO_E_PEER_GONE);
}

static void test_dialogue_send__message_with_a_fault__ends_it(void **state)
{
	const struct pair *pair = *state;
	COSMO_AUTO(message_free) struct message *message = NULL;
	struct dialogue client = dialogue_init(pair->client, CHANNEL_MODULE_HELPER, SIDE_CLIENT);
	char byte = 0;

	assert_int_equal(message_new(MESSAGE_ACCOUNT, &message), COSMO_OK);
	assert_int_equal(dialogue_send(&client, message, FAR), COSMO_E_INVALID);
	assert_int_equal(client.state, STATE_BROKEN);
	assert_int_equal(recv(pair->server, &byte, 1, MSG_DONTWAIT), -1);
	assert_int_equal(errno, EAGAIN);
}

/* The largest message that the tables allow in one field. */
static struct message *large(void)
{
	static const char config[262144] = "text";
	struct message *message = NULL;

	assert_int_equal(message_new(MESSAGE_CTL_CONNECT, &message), COSMO_OK);
	message_put_bytes(message, FIELD_CONFIG, config, sizeof(config));
	return message;
}

static void test_dialogue_send__peer_does_not_read__times_out(void **state)
{
	const struct pair *pair = *state;
	COSMO_AUTO(message_free) struct message *message = large();
	struct dialogue client = dialogue_init(pair->client, CHANNEL_CTL_HELPER, SIDE_CLIENT);
	int size = 4096;

	assert_int_equal(setsockopt(pair->client, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size)), 0);
	assert_int_equal(dialogue_send(&client, message, NEAR), COSMO_E_TIMEOUT);
	assert_int_equal(client.state, STATE_BROKEN);
}

static void *send_large(void *argument)
{
	const struct pair *pair = argument;
	COSMO_AUTO(message_free) struct message *message = large();
	struct dialogue client = dialogue_init(pair->client, CHANNEL_CTL_HELPER, SIDE_CLIENT);

	return dialogue_send(&client, message, FAR) == COSMO_OK ? argument : NULL;
}

static void test_dialogue__larger_than_the_socket_holds__arrives(void **state)
{
	struct pair *pair = *state;
	struct dialogue server = dialogue_init(pair->server, CHANNEL_CTL_HELPER, SIDE_SERVER);
	COSMO_AUTO(message_free) struct message *received = NULL;
	pthread_t thread = {0};
	void *sent = NULL;
	size_t len = 0;
	int size = 4096;

	assert_int_equal(setsockopt(pair->client, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size)), 0);
	assert_int_equal(fcntl(pair->server, F_SETFL, O_NONBLOCK), 0);
	assert_int_equal(pthread_create(&thread, NULL, send_large, pair), 0);
	assert_int_equal(dialogue_recv(&server, FAR, &received), COSMO_OK);
	assert_int_equal(pthread_join(thread, &sent), 0);
	assert_non_null(sent);
	assert_string_equal(message_bytes(received, FIELD_CONFIG, &len), "text");
	assert_int_equal(len, 262144);
}

static void do_nothing(int number)
{
	(void)number;
}

/* One byte at a time, and a signal for the receiver before each. */
static void *send_in_drops(void *argument)
{
	const struct pair *pair = argument;
	COSMO_AUTO(message_free) struct message *message = smallest(MESSAGE_ACCOUNT);
	const unsigned char *frame = NULL;
	size_t len = 0;

	if (message_encode(message, &frame, &len))
		return NULL;
	for (size_t i = 0; i < len; i++) {
		kill(getpid(), SIGUSR1);
		if (send(pair->client, frame + i, 1, MSG_NOSIGNAL) != 1)
			return NULL;
	}
	return argument;
}

static void test_dialogue_recv__in_drops_and_interrupted__arrives(void **state)
{
	struct pair *pair = *state;
	struct dialogue server = server_of(pair);
	COSMO_AUTO(message_free) struct message *received = NULL;
	struct sigaction old = {0};
	const struct sigaction action = {.sa_handler = do_nothing}; /* without SA_RESTART */
	pthread_t thread = {0};
	void *sent = NULL;

	assert_int_equal(sigaction(SIGUSR1, &action, &old), 0);
	assert_int_equal(pthread_create(&thread, NULL, send_in_drops, pair), 0);
	assert_int_equal(dialogue_recv(&server, FAR, &received), COSMO_OK);
	assert_int_equal(pthread_join(thread, &sent), 0);
	assert_int_equal(sigaction(SIGUSR1, &old, NULL), 0);
	assert_non_null(sent);
	assert_int_equal(message_type(received), MESSAGE_ACCOUNT);
}

static void test_dialogue_recv__two_at_once__stay_two(void **state)
{
	const struct pair *pair = *state;
	struct dialogue client = dialogue_init(pair->client, CHANNEL_CTL_HELPER, SIDE_CLIENT);
	COSMO_AUTO(message_free) struct message *item = smallest(MESSAGE_USER_ITEM);
	COSMO_AUTO(message_free) struct message *result = smallest(MESSAGE_RESULT);
	COSMO_AUTO(message_free) struct message *first = NULL;
	COSMO_AUTO(message_free) struct message *second = NULL;

	client.state = STATE_ASKED;
	send_frame(pair->server, item);
	send_frame(pair->server, result);
	assert_int_equal(dialogue_recv(&client, FAR, &first), COSMO_OK);
	assert_int_equal(message_type(first), MESSAGE_USER_ITEM);
	assert_int_equal(dialogue_recv(&client, FAR, &second), COSMO_OK);
	assert_int_equal(message_type(second), MESSAGE_RESULT);
	assert_int_equal(client.state, STATE_DONE);
}

static void send_with_descriptors(int fd, struct message *message)
{
	const unsigned char *frame = NULL;
	size_t len = 0;
	const int passed[2] = {STDIN_FILENO, STDERR_FILENO};
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(passed))];
	} control = {.room = ""};
	char bytes[512] = "";
	struct iovec part = {.iov_base = bytes};
	struct msghdr header = {.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control)};

	assert_int_equal(message_encode(message, &frame, &len), COSMO_OK);
	assert_true(len <= sizeof(bytes));
	memcpy(bytes, frame, len);
	part.iov_len = len;
	control.header.cmsg_level = SOL_SOCKET;
	control.header.cmsg_type = SCM_RIGHTS;
	control.header.cmsg_len = CMSG_LEN(sizeof(passed));
	memcpy(CMSG_DATA(&control.header), passed, sizeof(passed));
	assert_int_equal(sendmsg(fd, &header, 0), len);
}

static int lowest_free_fd(void)
{
	int fd = dup(STDERR_FILENO);

	close(fd);
	return fd;
}

static void test_dialogue_recv__descriptors_passed__are_refused_and_not_open(void **state)
{
	const struct pair *pair = *state;
	struct dialogue server = server_of(pair);
	COSMO_AUTO(message_free) struct message *message = smallest(MESSAGE_ACCOUNT);
	int before = lowest_free_fd();

	send_with_descriptors(pair->client, message);
	assert_recv_fails(&server, FAR, COSMO_E_PROTOCOL);
	assert_int_equal(lowest_free_fd(), before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define WITH_PAIR(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		cmocka_unit_test(test_dialogue__every_message_in_every_state__by_the_table),
		WITH_PAIR(test_dialogue_recv__refused_by_header__does_not_wait_for_the_rest),
		WITH_PAIR(test_dialogue_recv__header_over_the_cap__is_too_big),
		WITH_PAIR(test_dialogue_recv__another_version__is_a_protocol_error),
		cmocka_unit_test(test_dialogue_recv__closed_anywhere__is_peer_gone),
		WITH_PAIR(test_dialogue_recv__nothing_or_half_comes__times_out),
		WITH_PAIR(test_dialogue__deadline_over__is_late_even_if_ready),
		WITH_PAIR(test_dialogue_send__peer_closed__is_no_signal),
		cmocka_unit_test(test_dialogue__no_socket__is_peer_gone),
		WITH_PAIR(test_dialogue_send__message_with_a_fault__ends_it),
		WITH_PAIR(test_dialogue_send__peer_does_not_read__times_out),
		WITH_PAIR(test_dialogue__larger_than_the_socket_holds__arrives),
		WITH_PAIR(test_dialogue_recv__in_drops_and_interrupted__arrives),
		WITH_PAIR(test_dialogue_recv__two_at_once__stay_two),
		WITH_PAIR(test_dialogue_recv__descriptors_passed__are_refused_and_not_open),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
